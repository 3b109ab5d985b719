#include "cli/bench/figures.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstdio>

#include "cli/text.h"

namespace leveret::cli::bench {
namespace {

/// From so many bytes a body on, what counts is bytes a second.
constexpr std::size_t large_bytes = 64 * 1024;
/// The tenths of fewer messages are but a few commits each.
constexpr std::uint64_t tenths_from = 100'000;

std::string with_decimals(double value) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.2f", value);
  return text.data();
}

double over(double first, double second) {
  return second > 0 ? first / second : 0;
}

/// Gathers the figures of one run.
class Gathering {
 public:
  Gathering(const Plan& plan, const Result& result) : plan_(plan), result_(result) {}

  std::vector<Figure> all() {
    rates();
    latencies("confirm", result_.confirm_latency_ns);
    // What has waited for its consumers' start says nothing.
    if (!plan_.is_drained_after) latencies("deliver", result_.deliver_latency_ns);
    backlog();
    disk();
    idle();
    server();
    return figures_;
  }

 private:
  void add(std::string name, Unit unit, double value) {
    figures_.push_back({std::move(name), unit, value});
  }
  void add_us(std::string name, std::uint64_t nanoseconds) {
    add(std::move(name), Unit::microseconds, static_cast<double>(nanoseconds) / 1e3);
  }

  void rates() {
    add("publish rate", Unit::per_second, result_.publish_rate());
    if (plan_.consumers != 0) add("deliver rate", Unit::per_second, result_.deliver_rate());
    if (plan_.body_bytes >= large_bytes)
      add("publish bytes", Unit::bytes_per_second, publish_bytes_rate());
    const unsigned declared = plan_.queues + (plan_.routing == Routing::topic ? plan_.bindings : 0);
    if (declared >= 100)
      add("queues and bindings made", Unit::per_second, over(declared, result_.setup_seconds));
  }

  void latencies(const std::string& name, const Histogram& latency) {
    if (latency.count() == 0) return;
    add_us(name + " p50", latency.percentile(50));
    add_us(name + " p99", latency.percentile(99));
    add_us(name + " p99.9", latency.percentile(99.9));
    add_us(name + " max", latency.max());
  }

  void backlog() {
    const auto& rates = result_.tenth_rates;
    if (!plan_.is_drained_after) return;
    if (plan_.consumers != 0)
      add("drain rate / publish rate", Unit::ratio,
          over(result_.deliver_rate(), result_.publish_rate()));
    if (rates.empty() || result_.published < tenths_from) return;
    for (std::size_t i = 0; i < rates.size(); ++i)
      add("publish rate at " + std::to_string(i * 10) + "-" + std::to_string((i + 1) * 10) + " %",
          Unit::per_second, rates[i]);
    add("publish rate, last tenth / first", Unit::ratio, over(rates.back(), rates.front()));
  }

  void disk() {
    if (!result_.disk) return;
    const DiskFigures& disk = *result_.disk;
    add_us("fdatasync of an overwrite p50", disk.overwrite_ns.percentile(50));
    add_us("fdatasync of an append p50", disk.append_ns.percentile(50));
    const auto confirm = static_cast<double>(result_.confirm_latency_ns.percentile(50));
    // With more on its way, a confirm waits for others' syncs as well.
    if (plan_.confirm_window == 1 && result_.confirm_latency_ns.count() != 0) {
      add("confirm p50 / fdatasync of an overwrite", Unit::ratio,
          over(confirm, static_cast<double>(disk.overwrite_ns.percentile(50))));
      add("confirm p50 / fdatasync of an append", Unit::ratio,
          over(confirm, static_cast<double>(disk.append_ns.percentile(50))));
    }
    if (plan_.body_bytes < large_bytes) return;
    add("disk, synced 1 MiB at a time", Unit::bytes_per_second, disk.sync_1_mib_rate);
    add("disk, synced 16 MiB at a time", Unit::bytes_per_second, disk.sync_16_mib_rate);
    add("publish bytes / disk at 1 MiB", Unit::ratio,
        over(publish_bytes_rate(), disk.sync_1_mib_rate));
    add("publish bytes / disk at 16 MiB", Unit::ratio,
        over(publish_bytes_rate(), disk.sync_16_mib_rate));
  }

  void idle() {
    if (!result_.idle) return;
    const IdleFigures& idle = *result_.idle;
    const auto count = static_cast<double>(idle.connections);
    add("connections opened", Unit::per_second, over(count, idle.open_seconds));
    if (idle.rss_bytes)
      add("server memory per connection", Unit::bytes,
          over(static_cast<double>(*idle.rss_bytes), count));
    latencies("before them: confirm", idle.confirm_latency_before_ns);
    latencies("before them: deliver", idle.deliver_latency_before_ns);
    add("deliver p99 / before", Unit::ratio,
        over(static_cast<double>(result_.deliver_latency_ns.percentile(99)),
             static_cast<double>(idle.deliver_latency_before_ns.percentile(99))));
  }

  void server() {
    if (result_.rss_peak_bytes)
      add("server memory", Unit::bytes, static_cast<double>(*result_.rss_peak_bytes));
    if (!result_.cpu_seconds) return;
    const std::uint64_t count = plan_.consumers == 0 ? result_.published : result_.delivered;
    add("server cpu per message", Unit::microseconds,
        over(*result_.cpu_seconds * 1e6, static_cast<double>(count)));
    if (plan_.rate > 0)
      add("server cpu share of a core", Unit::percent,
          over(*result_.cpu_seconds * 100, result_.elapsed_seconds));
  }

  double publish_bytes_rate() const {
    return result_.publish_rate() * static_cast<double>(plan_.body_bytes);
  }

  const Plan& plan_;
  const Result& result_;
  std::vector<Figure> figures_;
};

}  // namespace

const char* name_of(Unit unit) {
  switch (unit) {
    case Unit::per_second: return "1/s";
    case Unit::microseconds: return "us";
    case Unit::bytes: return "bytes";
    case Unit::bytes_per_second: return "bytes/s";
    case Unit::percent: return "%";
    case Unit::ratio: return "ratio";
  }
  return "";
}

std::string to_text(Unit unit, double value) {
  const auto whole = static_cast<std::uint64_t>(std::llround(std::max(value, 0.0)));
  switch (unit) {
    case Unit::per_second: return with_commas(whole) + "/s";
    case Unit::microseconds:
      if (value < 100) return with_decimals(value) + " us";
      return format_span(std::chrono::nanoseconds{std::llround(value * 1e3)});
    case Unit::bytes: return format_bytes(whole);
    case Unit::bytes_per_second: return format_bytes(whole) + "/s";
    case Unit::percent: return with_decimals(value) + " %";
    case Unit::ratio: return with_decimals(value);
  }
  return {};
}

std::vector<Figure> figures_of(const Plan& plan, const Result& result) {
  return Gathering(plan, result).all();
}

std::vector<Spread> spreads_of(const Plan& plan, const std::vector<Result>& results) {
  std::vector<Spread> spreads;
  for (const Result& result : results) {
    const std::vector<Figure> figures = figures_of(plan, result);
    if (&result == &results.front())
      for (const Figure& figure : figures)
        spreads.push_back({figure.name, figure.unit, 0, 0, 0, {}});
    for (const Figure& figure : figures) {
      const auto found = std::ranges::find(spreads, figure.name, &Spread::name);
      if (found != spreads.end()) found->values.push_back(figure.value);
    }
  }
  std::erase_if(spreads,
                [&](const Spread& spread) { return spread.values.size() != results.size(); });
  for (Spread& spread : spreads) {
    std::vector<double> sorted = spread.values;
    std::ranges::sort(sorted);
    spread.median = sorted[sorted.size() / 2];
    spread.min = sorted.front();
    spread.max = sorted.back();
  }
  return spreads;
}

}  // namespace leveret::cli::bench
