#include "http/history.h"

#include <algorithm>
#include <array>

#include "http/error.h"

namespace leveret::http {
namespace {

/// As rabbit_mgmt_util.erl has it.
constexpr std::int64_t samples_max = 500;

constexpr std::array<History::Resolution, 4> resolutions{{
    {.step_s = 5, .count = 121},
    {.step_s = 60, .count = 61},
    {.step_s = 600, .count = 49},
    {.step_s = 1800, .count = 49},
}};

std::optional<std::int64_t> read_seconds(const Query& query, const std::string& name) {
  constexpr std::uint64_t most = std::uint64_t{1} << 62U;
  const auto number = query.number(name, 1, most);
  if (!number) return std::nullopt;
  return static_cast<std::int64_t>(*number);
}

std::optional<SampleRange> read_range(const Query& query, const std::string& name) {
  const auto age = read_seconds(query, name + "_age");
  const auto incr = read_seconds(query, name + "_incr");
  if (!age || !incr) return std::nullopt;
  if (*age / *incr > samples_max)
    throw bad_request("Invalid range parameters: age " + std::to_string(*age) + ", incr " +
                      std::to_string(*incr));
  // Nothing is kept for longer, and times are numbers of milliseconds.
  constexpr std::int64_t age_max = std::int64_t{366} * 86'400;
  if (*age > age_max || *incr > age_max)
    throw bad_request("Invalid range parameters: age " + std::to_string(*age) + ", incr " +
                      std::to_string(*incr) + ": a year is the most");
  return SampleRange{*age, *incr};
}

}  // namespace

void History::add(TimeMs now, std::span<const std::uint64_t> values) {
  const auto step = static_cast<std::uint32_t>(now / 1000 / resolution_.step_s);
  if (step == last_step_ && !steps_.empty()) return;
  last_step_ = step;
  if (steps_.empty() || !std::equal(values.begin(), values.end(),
                                    values_.end() - static_cast<std::ptrdiff_t>(columns_))) {
    steps_.push_back(step);
    values_.insert(values_.end(), values.begin(), values.end());
  }
  // The sample that held at the start of the span stays.
  std::size_t old = 0;
  while (old + 1 < steps_.size() && steps_[old + 1] + resolution_.count <= step) ++old;
  if (old == 0) return;
  steps_.erase(steps_.begin(), steps_.begin() + static_cast<std::ptrdiff_t>(old));
  values_.erase(values_.begin(), values_.begin() + static_cast<std::ptrdiff_t>(old * columns_));
}

std::uint64_t History::at(TimeMs time, std::size_t column) const {
  const std::int64_t step = time / 1000 / resolution_.step_s;
  const auto after =
      std::ranges::upper_bound(steps_, step, {}, [](std::uint32_t s) { return std::int64_t{s}; });
  if (after == steps_.begin()) return 0;
  const auto index = static_cast<std::size_t>(after - steps_.begin()) - 1;
  return values_[index * columns_ + column];
}

double History::rate(std::size_t column) const {
  if (steps_.empty()) return 0;
  const TimeMs now = TimeMs{last_step_} * resolution_.step_s * 1000;
  const TimeMs before = now - resolution_.step_s * 1000;
  if (before / 1000 / resolution_.step_s < TimeMs{steps_.front()}) return 0;
  const double grown =
      static_cast<double>(at(now, column)) - static_cast<double>(at(before, column));
  return grown / static_cast<double>(resolution_.step_s);
}

LongHistory::LongHistory(std::size_t columns) {
  for (const History::Resolution& resolution : resolutions)
    histories_.emplace_back(columns, resolution);
}

void LongHistory::add(TimeMs now, std::span<const std::uint64_t> values) {
  for (History& history : histories_) history.add(now, values);
}

const History& LongHistory::reaching(std::int64_t age_s) const {
  const auto it = std::ranges::find_if(
      histories_, [age_s](const History& history) { return history.span_s() >= age_s; });
  return it == histories_.end() ? histories_.back() : *it;
}

SampleRanges read_sample_ranges(const Query& query) {
  return {.lengths = read_range(query, "lengths"),
          .msg_rates = read_range(query, "msg_rates"),
          .data_rates = read_range(query, "data_rates"),
          .node_stats = read_range(query, "node_stats")};
}

std::size_t sample_count(const SampleRanges& ranges) {
  std::size_t count = 0;
  for (const auto& range : {ranges.lengths, ranges.msg_rates, ranges.data_rates, ranges.node_stats})
    if (range) count += static_cast<std::size_t>(range->age_s / range->incr_s + 1);
  return count;
}

SampleRanges SampleAllowance::next() {
  const std::size_t count = sample_count(ranges_);
  if (given_ + count > samples_of_figure_max) return {};
  given_ += count;
  return ranges_;
}

namespace {

template <class At>
void put_all_samples(Json& details, At value_at, const SampleRange& range, TimeMs now) {
  const TimeMs step = range.incr_s * 1000;
  const TimeMs newest = now / step * step;
  const std::int64_t count = range.age_s / range.incr_s + 1;
  Json samples = Json::array();
  double sum = 0;
  std::uint64_t last = 0;
  for (std::int64_t i = 0; i < count; ++i) {
    last = value_at(newest - i * step);
    sum += static_cast<double>(last);
    samples.push_back({{"sample", last}, {"timestamp", newest - i * step}});
  }
  const double grown = static_cast<double>(value_at(newest)) - static_cast<double>(last);
  details["avg"] = sum / static_cast<double>(count);
  details["avg_rate"] = grown / static_cast<double>(range.age_s);
  details["samples"] = std::move(samples);
}

}  // namespace

void put_samples(Json& details, const History& history, std::size_t column,
                 const SampleRange& range, TimeMs now) {
  put_all_samples(
      details, [&](TimeMs time) { return history.at(time, column); }, range, now);
}

void put_samples(Json& details, std::uint64_t value, const SampleRange& range, TimeMs now) {
  put_all_samples(
      details, [value](TimeMs) { return value; }, range, now);
}

}  // namespace leveret::http
