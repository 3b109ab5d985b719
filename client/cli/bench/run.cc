#include "cli/bench/run.h"

#include <algorithm>
#include <chrono>
#include <memory>
#include <random>
#include <thread>

#include "cli/bench/crew.h"
#include "cli/bench/crowd.h"
#include "cli/bench/process_usage.h"
#include "cli/text.h"

namespace leveret::cli::bench {
namespace {

using SteadyClock = std::chrono::steady_clock;
constexpr std::chrono::milliseconds poll_every{20};
/// The run is over when nothing more has come for so long.
constexpr std::chrono::seconds silence_max{60};
/// Given to a server to come to rest before its memory is looked at.
constexpr std::chrono::seconds rest{1};

/// When the tenths of a number of messages had been published.
class Tenths {
 public:
  Tenths(std::uint64_t total, std::uint64_t start_ns) : total_(total), times_ns_{start_ns} {}

  void look(std::uint64_t published) {
    // Also those that have passed since the last look: they get a share of the time.
    while (total_ >= tenths && times_ns_.size() <= tenths &&
           published >= total_ * times_ns_.size() / tenths)
      times_ns_.push_back(now_ns());
  }
  /// Empty unless all were published, slowly enough to be looked at.
  std::vector<double> rates() const {
    std::vector<double> rates;
    if (times_ns_.size() <= tenths) return rates;
    for (std::size_t i = 1; i < times_ns_.size(); ++i) {
      const std::uint64_t ns = times_ns_[i] - times_ns_[i - 1];
      if (ns < 1'000'000) return {};
      rates.push_back(static_cast<double>(total_) / tenths * 1e9 / static_cast<double>(ns));
    }
    return rates;
  }

 private:
  static constexpr std::size_t tenths = 10;
  const std::uint64_t total_;
  std::vector<std::uint64_t> times_ns_;
};

/// Looks on while a crew works.
class Watch {
 public:
  Watch(const Plan& plan, const Crew& crew, const RunOptions& options)
      : crew_(crew), options_(options), start_ns_(now_ns()), tenths_(plan.messages, start_ns_) {
    if (options.server_pid) before_ = usage_of(*options.server_pid);
  }

  std::uint64_t start_ns() const { return start_ns_; }

  /// Polls until `is_over`, an interrupt, or a long silence. False unless `is_over` ended it.
  template <class F>
  bool until(F is_over) {
    std::uint64_t last = progress();
    auto silent_since = SteadyClock::now();
    for (;;) {
      const bool is_done = is_over();
      look();
      if (is_done) return true;
      if (options_.is_interrupted && options_.is_interrupted()) return false;
      std::this_thread::sleep_for(poll_every);
      crew_.check();
      if (const std::uint64_t now = progress(); now != last) {
        last = now;
        silent_since = SteadyClock::now();
      }
      if (SteadyClock::now() - silent_since > silence_max) return false;
    }
  }

  void fill(Result& result) const {
    result.tenth_rates = tenths_.rates();
    result.elapsed_seconds = static_cast<double>(now_ns() - start_ns_) / 1e9;
    if (!options_.server_pid) return;
    result.cpu_seconds = usage_of(*options_.server_pid).cpu_seconds - before_.cpu_seconds;
    result.rss_peak_bytes = rss_peak_;
  }

 private:
  void look() {
    tenths_.look(crew_.published());
    if (options_.server_pid)
      rss_peak_ = std::max(rss_peak_, usage_of(*options_.server_pid).rss_bytes);
    if (options_.on_progress)
      options_.on_progress("published " + with_commas(crew_.published()) + "  delivered " +
                           with_commas(crew_.delivered()));
  }
  std::uint64_t progress() const {
    return crew_.published() + crew_.answered() + crew_.delivered();
  }

  const Crew& crew_;
  const RunOptions& options_;
  const std::uint64_t start_ns_;
  Tenths tenths_;
  ProcessUsage before_;
  std::uint64_t rss_peak_ = 0;
};

double seconds_between(std::uint64_t start_ns, std::uint64_t end_ns) {
  return end_ns > start_ns ? static_cast<double>(end_ns - start_ns) / 1e9 : 0;
}

Result gather(const Plan& plan, const Crew& crew, std::uint64_t start_ns,
              std::uint64_t consumers_start_ns) {
  Result result;
  std::uint64_t last_publish = 0;
  for (const auto& producer : crew.producers) {
    result.published += producer->published.get();
    result.confirmed += producer->confirmed.get();
    result.refused += producer->refused.get();
    result.returned += producer->returned.get();
    result.confirm_latency_ns.add(producer->latency);
    last_publish = std::max(last_publish, producer->last_event_ns.get());
  }
  std::uint64_t last_delivery = 0;
  for (const auto& consumer : crew.consumers) {
    result.delivered += consumer->received.get();
    result.redelivered += consumer->redelivered.get();
    result.foreign += consumer->foreign.get();
    result.misrouted += consumer->misrouted.get();
    result.order_violations += consumer->order_violations();
    result.deliver_latency_ns.add(consumer->latency);
    last_delivery = std::max(last_delivery, consumer->last_event_ns.get());
  }
  const std::uint64_t expected = result.published - result.refused;
  for (const auto& ledger : crew.ledgers) {
    result.duplicates += ledger->duplicates();
    if (plan.consumers != 0 && ledger->distinct() < expected)
      result.lost += expected - ledger->distinct();
  }
  result.publish_seconds = seconds_between(start_ns, last_publish);
  result.deliver_seconds = seconds_between(consumers_start_ns, last_delivery);
  return result;
}

/// Publishes and consumes as the plan says, idle connections apart.
Result run_load(const Plan& plan, const RunOptions& options, std::uint32_t run) {
  Topology topology(plan, options.url, run, options.on_progress);
  Crew crew(plan, options.url, topology, run, options.on_progress);
  if (!plan.is_drained_after) crew.start_consumers(options.on_progress);
  Watch watch(plan, crew, options);
  const auto end = SteadyClock::now() + plan.duration;
  crew.start_producers();
  watch.until(
      [&] { return plan.messages != 0 ? crew.has_published_all() : SteadyClock::now() >= end; });
  crew.stop_producers();
  std::uint64_t consumers_start_ns = watch.start_ns();
  if (plan.is_drained_after) {
    watch.until([&] { return crew.has_published_all(); });
    consumers_start_ns = now_ns();
    crew.start_consumers(options.on_progress);
  }
  const std::uint64_t copies = plan.consumers == 0 ? 0 : plan.copies();
  watch.until(
      [&] { return crew.has_published_all() && crew.delivered() >= crew.published() * copies; });
  crew.close();
  Result result = gather(plan, crew, watch.start_ns(), consumers_start_ns);
  watch.fill(result);
  result.setup_seconds = topology.setup_seconds();
  if (plan.is_kept) result.queues = topology.queues;
  return result;
}

/// The load without and then with idle connections around it.
Result run_among_idle(const Plan& plan, const RunOptions& options, std::uint32_t run) {
  // First, since it refuses what cannot be done.
  Crowd crowd(plan.idle_connections, plan.threads, options.url, run);
  IdleFigures idle;
  Result before = run_load(plan, options, run);
  idle.confirm_latency_before_ns = before.confirm_latency_ns;
  idle.deliver_latency_before_ns = before.deliver_latency_ns;
  const auto rss_at_rest = [&] {
    std::this_thread::sleep_for(rest);
    return options.server_pid ? usage_of(*options.server_pid).rss_bytes : 0;
  };
  const std::uint64_t rss_before = rss_at_rest();
  crowd.open(options.on_progress, options.is_interrupted);
  idle.connections = crowd.size();
  idle.open_seconds = crowd.open_seconds();
  const std::uint64_t rss_after = rss_at_rest();
  if (options.server_pid) idle.rss_bytes = rss_after - std::min(rss_before, rss_after);
  Result result = run_load(plan, options, (run + 1) & run_mask);
  if (!options.is_interrupted || !options.is_interrupted()) result.lost += crowd.call_roll();
  if (options.on_progress) options.on_progress("closing the idle connections");
  crowd.close();
  result.lost += before.lost;
  result.duplicates += before.duplicates;
  result.order_violations += before.order_violations;
  result.idle = std::move(idle);
  return result;
}

}  // namespace

double Result::publish_rate() const {
  return publish_seconds > 0 ? static_cast<double>(published) / publish_seconds : 0;
}

double Result::deliver_rate() const {
  return deliver_seconds > 0 ? static_cast<double>(delivered) / deliver_seconds : 0;
}

bool Result::is_clean() const {
  return lost == 0 && duplicates == 0 && order_violations == 0 && misrouted == 0 && refused == 0 &&
         returned == 0;
}

Result run_plan(const Plan& plan, const RunOptions& options) {
  const std::uint32_t run = std::random_device{}() & run_mask;
  std::optional<DiskFigures> disk;
  const auto measure = [&] {
    if (options.sync_dir.empty()) return;
    if (options.on_progress) options.on_progress("measuring the disk's syncs");
    if (!disk) disk.emplace();
    measure_disk(options.sync_dir, *disk);
  };
  measure();
  Result result = plan.idle_connections == 0 ? run_load(plan, options, run)
                                             : run_among_idle(plan, options, run);
  measure();
  result.disk = std::move(disk);
  return result;
}

}  // namespace leveret::cli::bench
