#include "cli/bench/report.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstdio>

#include "cli/bench/figures.h"
#include "cli/terminal.h"
#include "cli/text.h"

namespace leveret::cli::bench {
namespace {

constexpr std::array<double, 11> percentiles{50,   75,    90,    95,     99, 99.5,
                                             99.9, 99.95, 99.99, 99.999, 100};

std::string span_text(std::uint64_t nanoseconds) {
  return format_span(std::chrono::nanoseconds{nanoseconds});
}

std::string rate_text(double rate) {
  return to_text(Unit::per_second, rate);
}

/// "99.9": as short as it can be.
std::string percent_text(double percent) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%g", percent);
  return text.data();
}

std::string decimal_text(double value) {
  return to_text(Unit::ratio, value);
}

std::vector<std::string> row(const std::string& name, std::uint64_t count, double rate,
                             const Histogram& latency) {
  if (latency.count() == 0) return {name, with_commas(count), rate_text(rate), "", "", "", ""};
  return {name,
          with_commas(count),
          rate_text(rate),
          span_text(latency.percentile(50)),
          span_text(latency.percentile(99)),
          span_text(latency.percentile(99.9)),
          span_text(latency.max())};
}

double to_us(std::uint64_t nanoseconds) {
  return static_cast<double>(nanoseconds) / 1e3;
}

Json latency_json(const Histogram& latency) {
  if (latency.count() == 0) return nullptr;
  return {{"mean", latency.mean() / 1e3},
          {"p50", to_us(latency.percentile(50))},
          {"p99", to_us(latency.percentile(99))},
          {"p99.9", to_us(latency.percentile(99.9))},
          {"max", to_us(latency.max())}};
}

Json result_json(const Plan& plan, const Result& result) {
  Json json{{"published", result.published},
            {"publish_rate", result.publish_rate()},
            {"confirmed", result.confirmed},
            {"refused", result.refused},
            {"returned", result.returned},
            {"delivered", result.delivered},
            {"deliver_rate", result.deliver_rate()},
            {"redelivered", result.redelivered},
            {"lost", result.lost},
            {"duplicates", result.duplicates},
            {"order_violations", result.order_violations},
            {"misrouted", result.misrouted},
            {"confirm_latency_us", latency_json(result.confirm_latency_ns)},
            {"deliver_latency_us", latency_json(result.deliver_latency_ns)}};
  if (result.rss_peak_bytes) json["server_rss_peak_bytes"] = *result.rss_peak_bytes;
  if (result.cpu_seconds) json["server_cpu_seconds"] = *result.cpu_seconds;
  if (!result.queues.empty()) json["queues"] = result.queues;
  for (const Figure& figure : figures_of(plan, result)) json["figures"][figure.name] = figure.value;
  return json;
}

Histogram sum_of(const Series& series, Histogram Result::*latency) {
  Histogram sum;
  for (const Result& result : series.results) sum.add(result.*latency);
  return sum;
}

Json histogram_json(const Histogram& histogram) {
  if (histogram.count() == 0) return nullptr;
  Json json{{"percentiles", Json::object()}, {"buckets", Json::array()}};
  for (const double percent : percentiles)
    json["percentiles"][percent_text(percent)] = to_us(histogram.percentile(percent));
  histogram.for_each([&](std::uint64_t highest, std::uint64_t count) {
    json["buckets"].push_back({to_us(highest), count});
  });
  return json;
}

std::string histogram_text(const Series& series) {
  const Histogram confirm = sum_of(series, &Result::confirm_latency_ns);
  const Histogram deliver = sum_of(series, &Result::deliver_latency_ns);
  TextTable table({"PERCENTILE", "CONFIRM", "DELIVER"});
  const auto cell = [](const Histogram& histogram, double percent) {
    return histogram.count() == 0 ? std::string{} : span_text(histogram.percentile(percent));
  };
  for (const double percent : percentiles)
    table.add({percent_text(percent), cell(confirm, percent), cell(deliver, percent)});
  return table.to_string();
}

/// What the table of rates and latencies above does not show, or with several runs all of it.
std::string figures_text(const Plan& plan, const Series& series) {
  const bool has_spread = series.results.size() > 1;
  TextTable table(has_spread ? std::vector<std::string>{"FIGURE", "MEDIAN", "MIN", "MAX"}
                             : std::vector<std::string>{"FIGURE", ""});
  const auto is_above = [](const std::string& name) {
    return name == "publish rate" || name == "deliver rate" || name.starts_with("confirm p") ||
           name.starts_with("deliver p") || name == "confirm max" || name == "deliver max";
  };
  for (const Spread& spread : spreads_of(plan, series.results)) {
    const auto text = [&](double value) { return to_text(spread.unit, value); };
    if (has_spread)
      table.add({spread.name, text(spread.median), text(spread.min), text(spread.max)});
    else if (!is_above(spread.name) || spread.unit == Unit::ratio)
      table.add({spread.name, text(spread.median)});
  }
  return table.is_empty() ? std::string{} : table.to_string();
}

/// The worst of all runs: one bad run is not hidden by two good ones.
std::string verified_text(const Series& series) {
  const auto total = [&](std::uint64_t Result::*count) {
    std::uint64_t sum = 0;
    for (const Result& result : series.results) sum += result.*count;
    return sum;
  };
  std::string out = "verified: " + with_commas(total(&Result::lost)) + " lost, " +
                    with_commas(total(&Result::duplicates)) + " duplicated, " +
                    with_commas(total(&Result::order_violations)) + " out of order";
  if (const auto count = total(&Result::misrouted); count != 0)
    out += ", " + with_commas(count) + " in a wrong queue";
  if (const auto count = total(&Result::refused); count != 0)
    out += ", " + with_commas(count) + " refused";
  return out + "\n";
}

/// Names and ratios of what both series have.
std::vector<std::pair<std::string, double>> ratios(const Plan& plan, const Series& first,
                                                   const Series& second) {
  std::vector<std::pair<std::string, double>> out;
  const std::vector<Spread> others = spreads_of(plan, second.results);
  for (const Spread& spread : spreads_of(plan, first.results)) {
    const auto other = std::ranges::find(others, spread.name, &Spread::name);
    if (other == others.end() || other->median <= 0) continue;
    if (spread.name.starts_with("fdatasync") || spread.name.starts_with("disk")) continue;
    out.emplace_back(spread.name, spread.median / other->median);
  }
  return out;
}

}  // namespace

const Result& median_of(const Series& series) {
  std::vector<const Result*> sorted;
  for (const Result& result : series.results) sorted.push_back(&result);
  std::ranges::sort(sorted, {}, [](const Result* one) {
    return one->delivered != 0 ? one->deliver_rate() : one->publish_rate();
  });
  return *sorted[sorted.size() / 2];
}

std::string to_text(const Plan& plan, const Series& series, const ReportOptions& options) {
  const Result& result = median_of(series);
  TextTable table({"", "MSGS", "RATE", "P50", "P99", "P99.9", "MAX"});
  table.add(row(plan.confirm_window != 0 ? "publish (confirmed)" : "publish", result.published,
                result.publish_rate(), result.confirm_latency_ns));
  if (plan.consumers != 0)
    table.add(row(plan.is_drained_after ? "drain" : "deliver", result.delivered,
                  result.deliver_rate(),
                  plan.is_drained_after ? Histogram{} : result.deliver_latency_ns));
  std::string out = bold(plan.name) + " on " + series.server;
  if (series.results.size() > 1)
    out += ", median of " + std::to_string(series.results.size()) + " runs";
  out += "\n" + table.to_string() + figures_text(plan, series);
  if (options.has_histogram) out += histogram_text(series);
  for (const std::string& queue : result.queues) out += "kept: " + queue + "\n";
  return out + verified_text(series);
}

Json to_json(const Plan& plan, const Series& series, const ReportOptions& options) {
  Json runs = Json::array();
  for (const Result& result : series.results) runs.push_back(result_json(plan, result));
  Json figures = Json::object();
  for (const Spread& spread : spreads_of(plan, series.results))
    figures[spread.name] = {{"unit", name_of(spread.unit)},
                            {"median", spread.median},
                            {"min", spread.min},
                            {"max", spread.max}};
  Json json{{"server", series.server},
            {"median", result_json(plan, median_of(series))},
            {"figures", std::move(figures)},
            {"is_clean", std::ranges::all_of(series.results, &Result::is_clean)},
            {"runs", std::move(runs)}};
  if (options.has_histogram)
    json["histograms"] = {{"confirm", histogram_json(sum_of(series, &Result::confirm_latency_ns))},
                          {"deliver", histogram_json(sum_of(series, &Result::deliver_latency_ns))}};
  return json;
}

std::string ratios_text(const Plan& plan, const Series& first, const Series& second) {
  TextTable table({"RATIO", "FIRST / SECOND"});
  for (const auto& [name, value] : ratios(plan, first, second))
    table.add({name, decimal_text(value)});
  return table.to_string();
}

Json ratios_json(const Plan& plan, const Series& first, const Series& second) {
  Json json = Json::object();
  for (const auto& [name, value] : ratios(plan, first, second)) json[name] = value;
  return json;
}

}  // namespace leveret::cli::bench
