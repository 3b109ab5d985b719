#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "cli/bench/disk.h"
#include "cli/bench/histogram.h"
#include "cli/bench/plan.h"
#include "lib/url.h"

namespace leveret::cli::bench {

/// What idle connections cost, and whether the others notice them.
struct IdleFigures {
  std::uint64_t connections = 0;
  double open_seconds = 0;
  /// With a server's process number: resident memory by which the server grew.
  std::optional<std::uint64_t> rss_bytes;
  /// The same jobs without the idle connections, just before.
  Histogram confirm_latency_before_ns;
  Histogram deliver_latency_before_ns;
};

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
  /// Came to a queue that they were not for.
  std::uint64_t misrouted = 0;
  std::uint64_t foreign = 0;
  /// Declaring queues, exchange and bindings.
  double setup_seconds = 0;
  /// From the first publish to the last confirm (or publish, without confirms).
  double publish_seconds = 0;
  /// To the last delivery, from the first publish or, when consumers start later, from their start.
  double deliver_seconds = 0;
  /// For a plan with a number of messages: publish rates of its tenths.
  std::vector<double> tenth_rates;
  Histogram confirm_latency_ns;
  Histogram deliver_latency_ns;
  /// With a server's process number.
  std::optional<std::uint64_t> rss_peak_bytes;
  std::optional<double> cpu_seconds;
  /// What the CPU time was spent in.
  double elapsed_seconds = 0;
  std::optional<DiskFigures> disk;
  std::optional<IdleFigures> idle;
  /// The queues that were left, where the plan keeps them.
  std::vector<std::string> queues;

  double publish_rate() const;
  double deliver_rate() const;
  /// No loss, no duplicates, in order, nothing refused.
  bool is_clean() const;
};

struct RunOptions {
  client::Url url;
  std::optional<int> server_pid;
  /// Where the disk's syncs are measured, before and after.
  std::string sync_dir;
  /// Called about fifty times a second with what is going on.
  std::function<void(const std::string&)> on_progress;
  /// Asked as often; true ends the run early.
  std::function<bool()> is_interrupted;
};

/// Sets up queues of its own, runs the plan, waits for the last delivery and removes the queues.
/// Throws client::Error when the broker refuses.
Result run_plan(const Plan& plan, const RunOptions& options);

}  // namespace leveret::cli::bench
