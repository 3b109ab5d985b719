#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/clock.h"
#include "http/json.h"
#include "http/url.h"

namespace leveret::http {

/// Numbers as they were at regular times, for charts. A ring: what is older than its span goes, and
/// a stretch in which nothing changed costs one sample, of 4 bytes and 8 for each column.
class History {
 public:
  struct Resolution {
    std::int64_t step_s = 5;
    std::size_t count = 121;
    std::int64_t span_s() const { return step_s * static_cast<std::int64_t>(count); }
  };
  History(std::size_t columns, Resolution resolution)
      : columns_(columns), resolution_(resolution) {}

  /// Keeps the numbers when a new step has begun; one for each column.
  void add(TimeMs now, std::span<const std::uint64_t> values);
  /// What a column was at that time; 0 before anything is known.
  std::uint64_t at(TimeMs time, std::size_t column) const;
  /// How much it has grown in the last step, per second.
  double rate(std::size_t column) const;

  std::int64_t span_s() const { return resolution_.span_s(); }
  std::size_t sample_count() const { return steps_.size(); }

 private:
  std::size_t columns_;
  Resolution resolution_;
  /// Each sample's time in steps, and its numbers one after the other; oldest first.
  std::vector<std::uint32_t> steps_;
  std::vector<std::uint64_t> values_;
  std::uint32_t last_step_ = 0;
};

/// The same numbers over longer times at coarser steps, as RabbitMQ keeps its global ones
/// (rabbitmq_management: sample_retention_policies): ten minutes, an hour, eight hours, a day.
class LongHistory {
 public:
  explicit LongHistory(std::size_t columns);
  void add(TimeMs now, std::span<const std::uint64_t> values);
  /// The finest that reaches back so far, or the longest.
  const History& reaching(std::int64_t age_s) const;

 private:
  std::vector<History> histories_;
};

/// Samples that a request asks for: from now back to `age_s` ago, one every `incr_s`.
struct SampleRange {
  std::int64_t age_s = 0;
  std::int64_t incr_s = 0;
};
/// By kind, as RabbitMQ's parameters lengths_age and lengths_incr, msg_rates_…, data_rates_…,
/// node_stats_….
struct SampleRanges {
  std::optional<SampleRange> lengths;
  std::optional<SampleRange> msg_rates;
  std::optional<SampleRange> data_rates;
  std::optional<SampleRange> node_stats;
};
/// How many samples each of their figures gets.
std::size_t sample_count(const SampleRanges& ranges);

/// What one answer may show of the past: with very many items those behind have none, so that no
/// answer takes a hundred megabytes.
class SampleAllowance {
 public:
  explicit SampleAllowance(const SampleRanges& ranges) : ranges_(ranges) {}
  /// For one more item.
  SampleRanges next();

 private:
  static constexpr std::size_t samples_of_figure_max = 30'000;
  SampleRanges ranges_;
  std::size_t given_ = 0;
};

/// A range needs both of its parameters. Throws HttpError 400 for what is no number from 1, and for
/// more than 500 samples.
SampleRanges read_sample_ranges(const Query& query);

/// Adds `samples`, the newest first, `avg` and `avg_rate` to a "..._details", as RabbitMQ does
/// (rabbit_mgmt_stats.erl).
void put_samples(Json& details, const History& history, std::size_t column,
                 const SampleRange& range, TimeMs now);
/// The same of what has been `value` all the time.
void put_samples(Json& details, std::uint64_t value, const SampleRange& range, TimeMs now);

}  // namespace leveret::http
