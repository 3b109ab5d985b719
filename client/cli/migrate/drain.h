#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "lib/channel.h"
#include "lib/connection.h"

namespace leveret::cli {

/// A message that has arrived at the target already, as far as it is compared.
struct Arrived {
  std::size_t bytes = 0;
  std::string start;  // of the body
};
inline constexpr std::size_t compared_bytes_max = 4096;

struct DrainOptions {
  std::string queue;
  /// The exchange at the target that leads to this queue and nowhere else.
  std::string exchange;
  /// Messages that may be on their way.
  std::uint16_t window = 1000;
  /// Those at the head of the source that were not taken out of it after they had arrived.
  std::vector<Arrived> arrived;
  bool is_quorum = false;
  /// Tells where a message was published first, in headers.
  bool keeps_origin = false;
};

struct DrainCounts {
  std::uint64_t moved = 0;
  /// Taken out of the source only: they had arrived before.
  std::uint64_t skipped = 0;
  /// At the end: published, and no answer known. They stay in the source.
  std::uint64_t in_flight = 0;
};

/// Moves what a queue holds to another broker, in order. A message is taken out of the source when
/// the target has confirmed it, so that it is never in neither. Both connections are served by one
/// loop, where everything happens; run() waits on the caller's thread.
class Drain {
 public:
  Drain(client::Connection& source, client::Connection& target, DrainOptions options);
  ~Drain();

  /// Returns when the source is empty. Calls `on_progress` now and then. Throws client::Error when
  /// a connection fails, Failure when the target does not take a message.
  void run(const std::function<void(const DrainCounts&)>& on_progress);
  DrainCounts counts() const;

 private:
  struct Source;
  struct Target;
  struct InFlight {
    std::uint64_t delivery_tag = 0;
    bool is_confirmed = false;
  };

  // On the loop.
  void on_delivery(const client::Delivery& delivery);
  bool has_arrived(const client::Delivery& delivery);
  void publish(const client::Delivery& delivery);
  void on_confirm(const client::Confirm& confirm);
  void take_out();
  void fail(const std::string& text);

  void drain_once(const std::function<void(const DrainCounts&)>& on_progress);
  void check_failure();

  const DrainOptions options_;
  client::Channel control_;
  std::unique_ptr<Source> source_;
  std::unique_ptr<Target> target_;
  // The loop's.
  std::size_t arrived_ = 0;
  std::uint64_t first_sequence_ = 1;
  std::deque<InFlight> in_flight_;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  DrainCounts counts_;
  std::string failure_;
};

}  // namespace leveret::cli
