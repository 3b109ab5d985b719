#pragma once

#include <functional>
#include <optional>
#include <string>

#include "cli/bench/histogram.h"
#include "cli/bench/plan.h"
#include "lib/url.h"

namespace leveret::cli::bench {

/// What one run of a plan showed.
struct Result {
  std::uint64_t published = 0;
  std::uint64_t confirmed = 0;
  std::uint64_t refused = 0;
  std::uint64_t returned = 0;
  std::uint64_t delivered = 0;
  std::uint64_t redelivered = 0;
  /// Messages that should have been delivered and were not, over all queues.
  std::uint64_t lost = 0;
  std::uint64_t duplicates = 0;
  std::uint64_t order_violations = 0;
  std::uint64_t foreign = 0;
  /// From the first publish to the last confirm (or publish, without confirms).
  double publish_seconds = 0;
  /// From the first publish to the last delivery.
  double deliver_seconds = 0;
  Histogram confirm_latency_ns;
  Histogram deliver_latency_ns;
  /// With a server's process number.
  std::optional<std::uint64_t> rss_peak_bytes;
  std::optional<double> cpu_seconds;

  double publish_rate() const;
  double deliver_rate() const;
  /// No loss, no duplicates, in order, nothing refused.
  bool is_clean() const;
};

struct RunOptions {
  client::Url url;
  std::optional<int> server_pid;
  /// Called about ten times a second with the counts so far.
  std::function<void(std::uint64_t published, std::uint64_t delivered)> on_progress;
  /// Asked as often; true ends the run early.
  std::function<bool()> is_interrupted;
};

/// Sets up queues of its own, runs the plan, waits for the last delivery and removes the queues.
/// Throws client::Error when the broker refuses.
Result run_plan(const Plan& plan, const RunOptions& options);

}  // namespace leveret::cli::bench
