#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "broker/alarms.h"
#include "http/resources.h"
#include "watermark.h"

namespace leveret::server {

/// What the broker may take of its machine. RabbitMQ's vm_memory_high_watermark and
/// disk_free_limit.
struct ResourceLimits {
  /// Of the memory of the machine or of the control group.
  Watermark memory{.percent = 60};
  /// What has to stay free on the disk of the data directory.
  Watermark disk_free{.bytes = std::uint64_t{256} << 20U, .percent = 10};
  bool operator==(const ResourceLimits&) const = default;
};

/// One alarm, which goes off a tenth within its limit only, so that it does not flicker.
class AlarmSwitch {
 public:
  /// There may be at most `limit` of it.
  bool is_over(std::uint64_t used, std::optional<std::uint64_t> limit) {
    const std::uint64_t most = limit.value_or(0);
    return is_on_ = limit && used > (is_on_ ? most - most / 10 : most);
  }
  /// There has to be at least `limit` of it.
  bool is_under(std::uint64_t free, std::optional<std::uint64_t> limit) {
    const std::uint64_t least = limit.value_or(0);
    return is_on_ = limit && free < (is_on_ ? least + least / 10 : least);
  }
  bool is_on() const { return is_on_; }

 private:
  bool is_on_ = false;
};

/// Watches memory and disk on a thread of its own, since the disk may take its time to answer, and
/// tells of every change. All members may be called from any thread.
class AlarmWatch {
 public:
  using OnChange = std::function<void(broker::Alarms)>;

  /// `data_dir` is where the data is; empty when it is in memory. `on_change` is called on the
  /// watch's thread. The first look is taken by the constructor, which throws nothing.
  AlarmWatch(const ResourceLimits& limits, std::string data_dir, OnChange on_change);
  /// No call comes any more.
  ~AlarmWatch();
  AlarmWatch(const AlarmWatch&) = delete;
  AlarmWatch& operator=(const AlarmWatch&) = delete;

  /// Looks again at once.
  void set_limits(const ResourceLimits& limits);
  /// The limits in bytes.
  http::ResourceMarks marks() const;

 private:
  ResourceLimits current_limits() const;
  void run();
  void look(const ResourceLimits& limits);
  /// These return whether the alarm has begun or ended.
  bool look_at_memory(const Watermark& mark);
  bool look_at_disk(const Watermark& mark);

  const std::string data_dir_;
  const OnChange on_change_;
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  ResourceLimits limits_;
  bool is_stopping_ = false;
  bool has_new_limits_ = false;

  // The watch's own.
  AlarmSwitch memory_;
  AlarmSwitch disk_;
  std::chrono::steady_clock::time_point trim_due_{};
  std::thread thread_;
};

}  // namespace leveret::server
