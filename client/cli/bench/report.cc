#include "cli/bench/report.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstdio>

#include "cli/terminal.h"
#include "cli/text.h"

namespace leveret::cli::bench {
namespace {

std::string span_text(std::uint64_t nanoseconds) {
  return format_span(std::chrono::nanoseconds{nanoseconds});
}

std::string rate_text(double rate) {
  return with_commas(static_cast<std::uint64_t>(std::llround(rate))) + "/s";
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

double cpu_us_per_message(const Plan& plan, const Result& result) {
  const std::uint64_t count = plan.consumers == 0 ? result.published : result.delivered;
  return count == 0 ? 0 : result.cpu_seconds.value_or(0) * 1e6 / static_cast<double>(count);
}

Json latency_json(const Histogram& latency) {
  if (latency.count() == 0) return nullptr;
  const auto us = [](std::uint64_t ns) { return static_cast<double>(ns) / 1e3; };
  return {{"mean", latency.mean() / 1e3},
          {"p50", us(latency.percentile(50))},
          {"p99", us(latency.percentile(99))},
          {"p99.9", us(latency.percentile(99.9))},
          {"max", us(latency.max())}};
}

Json result_json(const Plan& plan, const Result& result) {
  Json json{{"published", result.published},
            {"publish_rate", result.publish_rate()},
            {"confirmed", result.confirmed},
            {"refused", result.refused},
            {"delivered", result.delivered},
            {"deliver_rate", result.deliver_rate()},
            {"redelivered", result.redelivered},
            {"lost", result.lost},
            {"duplicates", result.duplicates},
            {"order_violations", result.order_violations},
            {"confirm_latency_us", latency_json(result.confirm_latency_ns)},
            {"deliver_latency_us", latency_json(result.deliver_latency_ns)}};
  if (result.rss_peak_bytes) json["server_rss_peak_bytes"] = *result.rss_peak_bytes;
  if (result.cpu_seconds) {
    json["server_cpu_seconds"] = *result.cpu_seconds;
    json["server_cpu_us_per_message"] = cpu_us_per_message(plan, result);
  }
  return json;
}

double ratio(double first, double second) {
  return second > 0 ? first / second : 0;
}

std::string ratio_text(double value) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.2f", value);
  return text.data();
}

/// Names and ratios of what both series have.
std::vector<std::pair<std::string, double>> ratios(const Plan& plan, const Result& a,
                                                   const Result& b) {
  std::vector<std::pair<std::string, double>> out;
  out.emplace_back("publish rate", ratio(a.publish_rate(), b.publish_rate()));
  if (plan.consumers != 0)
    out.emplace_back("deliver rate", ratio(a.deliver_rate(), b.deliver_rate()));
  const auto add_latency = [&](const std::string& name, const Histogram& x, const Histogram& y) {
    if (x.count() == 0 || y.count() == 0) return;
    for (const double percent : {50.0, 99.0, 99.9})
      out.emplace_back(name + " p" +
                           (percent > 99.5 ? "99.9"
                            : percent > 60 ? "99"
                                           : "50"),
                       ratio(static_cast<double>(x.percentile(percent)),
                             static_cast<double>(y.percentile(percent))));
  };
  add_latency("confirm", a.confirm_latency_ns, b.confirm_latency_ns);
  add_latency("deliver", a.deliver_latency_ns, b.deliver_latency_ns);
  if (a.rss_peak_bytes && b.rss_peak_bytes)
    out.emplace_back("server memory", ratio(static_cast<double>(*a.rss_peak_bytes),
                                            static_cast<double>(*b.rss_peak_bytes)));
  if (a.cpu_seconds && b.cpu_seconds)
    out.emplace_back("server cpu per message",
                     ratio(cpu_us_per_message(plan, a), cpu_us_per_message(plan, b)));
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

std::string to_text(const Plan& plan, const Series& series) {
  const Result& result = median_of(series);
  TextTable table({"", "MSGS", "RATE", "P50", "P99", "P99.9", "MAX"});
  table.add(row(plan.confirm_window != 0 ? "publish (confirmed)" : "publish", result.published,
                result.publish_rate(), result.confirm_latency_ns));
  if (plan.consumers != 0)
    table.add(row("deliver", result.delivered, result.deliver_rate(), result.deliver_latency_ns));
  std::string out = bold(plan.name) + " on " + series.server;
  if (series.results.size() > 1)
    out += ", median of " + std::to_string(series.results.size()) + " runs";
  out += "\n" + table.to_string();
  out += "verified: " + with_commas(result.lost) + " lost, " + with_commas(result.duplicates) +
         " duplicated, " + with_commas(result.order_violations) + " out of order";
  if (result.refused != 0) out += ", " + with_commas(result.refused) + " refused";
  if (result.rss_peak_bytes)
    out += "; server memory " + format_bytes(*result.rss_peak_bytes) + " at most, cpu " +
           ratio_text(cpu_us_per_message(plan, result)) + " us a message";
  return out + "\n";
}

Json to_json(const Plan& plan, const Series& series) {
  Json runs = Json::array();
  for (const Result& result : series.results) runs.push_back(result_json(plan, result));
  return {{"server", series.server},
          {"median", result_json(plan, median_of(series))},
          {"runs", std::move(runs)}};
}

std::string ratios_text(const Plan& plan, const Series& first, const Series& second) {
  TextTable table({"RATIO", "FIRST / SECOND"});
  for (const auto& [name, value] : ratios(plan, median_of(first), median_of(second)))
    table.add({name, ratio_text(value)});
  return table.to_string();
}

Json ratios_json(const Plan& plan, const Series& first, const Series& second) {
  Json json = Json::object();
  for (const auto& [name, value] : ratios(plan, median_of(first), median_of(second)))
    json[name] = value;
  return json;
}

}  // namespace leveret::cli::bench
