#include "alarm_watch.h"

#include <malloc.h>

#include <utility>

#include "base/log.h"
#include "base/this_thread.h"
#include "http/machine.h"

namespace leveret::server {
namespace {

using namespace std::chrono_literals;

constexpr auto period = 500ms;
/// What the allocator holds free is given back before memory is called short, but not all the time:
/// meanwhile nobody can allocate.
constexpr auto trim_period = 5s;

std::string mebibytes(std::uint64_t bytes) {
  return std::to_string(bytes >> 20U) + " MiB";
}

}  // namespace

AlarmWatch::AlarmWatch(const ResourceLimits& limits, std::string data_dir, OnChange on_change)
    : data_dir_(std::move(data_dir)), on_change_(std::move(on_change)), limits_(limits) {
  look(limits_);
  thread_ = std::thread{[this] { run(); }};
}

AlarmWatch::~AlarmWatch() {
  {
    const std::lock_guard lock{mutex_};
    is_stopping_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

void AlarmWatch::set_limits(const ResourceLimits& limits) {
  {
    const std::lock_guard lock{mutex_};
    limits_ = limits;
    has_new_limits_ = true;
  }
  wake_.notify_one();
}

http::ResourceMarks AlarmWatch::marks() const {
  const ResourceLimits limits = current_limits();
  http::ResourceMarks marks{.memory_limit = limits.memory.of(http::memory_there_is()).value_or(0)};
  if (!data_dir_.empty())
    marks.disk_free_limit = limits.disk_free.of(http::view_disk(data_dir_).size).value_or(0);
  return marks;
}

ResourceLimits AlarmWatch::current_limits() const {
  const std::lock_guard lock{mutex_};
  return limits_;
}

void AlarmWatch::run() {
  this_thread::set_name("alarms");
  std::unique_lock lock{mutex_};
  while (!is_stopping_) {
    wake_.wait_for(lock, period, [this] { return is_stopping_ || has_new_limits_; });
    if (is_stopping_) return;
    has_new_limits_ = false;
    const ResourceLimits limits = limits_;
    lock.unlock();
    look(limits);
    lock.lock();
  }
}

void AlarmWatch::look(const ResourceLimits& limits) {
  const bool memory_changed = look_at_memory(limits.memory);
  const bool disk_changed = !data_dir_.empty() && look_at_disk(limits.disk_free);
  if (memory_changed || disk_changed)
    on_change_({.memory = memory_.is_on(), .disk = disk_.is_on()});
}

bool AlarmWatch::look_at_memory(const Watermark& mark) {
  const auto limit = mark.of(http::memory_there_is());
  std::uint64_t used = http::memory_in_use();
  const auto now = std::chrono::steady_clock::now();
  if (limit && used > *limit - *limit / 10 && now >= trim_due_) {
    malloc_trim(0);
    trim_due_ = now + trim_period;
    used = http::memory_in_use();
  }
  const bool was_on = memory_.is_on();
  memory_.is_over(used, limit);
  if (memory_.is_on() == was_on) return false;
  log::warn(memory_.is_on() ? "memory alarm: publishers are blocked"
                            : "the memory alarm is over: publishers go on",
            {{"used", mebibytes(used)}, {"limit", mebibytes(limit.value_or(0))}});
  return true;
}

bool AlarmWatch::look_at_disk(const Watermark& mark) {
  const http::DiskView disk = http::view_disk(data_dir_);
  if (disk.size == 0) return false;  // A disk that does not answer is the store's to judge.
  const auto least = mark.of(disk.size);
  const bool was_on = disk_.is_on();
  disk_.is_under(disk.free, least);
  if (disk_.is_on() == was_on) return false;
  log::warn(disk_.is_on() ? "disk alarm: publishers are blocked"
                          : "the disk alarm is over: publishers go on",
            {{"free", mebibytes(disk.free)}, {"limit", mebibytes(least.value_or(0))}});
  return true;
}

}  // namespace leveret::server
