#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "broker/stats.h"

namespace leveret::http {

/// One counter of MessageStats as the API names it.
struct Counter {
  std::string_view name;
  std::uint64_t (*read)(const broker::MessageStats&);
};
/// The counters that have a rate, in alphabetical order.
inline constexpr std::size_t counter_count = 13;
extern const std::array<Counter, counter_count> counters;

/// RabbitMQ's names of what comes and goes (rabbit_mgmt_wm_overview.erl, churn_rates).
struct ChurnCounter {
  std::string_view name;
  std::uint64_t (*read)(const broker::ChurnStats&);
};
inline constexpr std::size_t churn_counter_count = 7;
extern const std::array<ChurnCounter, churn_counter_count> churn_counters;

/// Lengths that rise and fall, beside the counters.
struct Lengths {
  std::uint64_t ready = 0;
  std::uint64_t unacked = 0;
};
/// What a history of one set of counters and lengths keeps: first the counters, then these.
enum LengthColumn : std::size_t { ready_column = counter_count, unacked_column, messages_column };
inline constexpr std::size_t column_count = counter_count + 3;
using ColumnValues = std::array<std::uint64_t, column_count>;
ColumnValues column_values(const broker::MessageStats& stats, const Lengths& lengths);

/// The recent past of `count` figures, of which the first `rising` only ever rise: what their rates
/// are computed from. Costs one sample while nothing happens.
template <std::size_t count, std::size_t rising>
class FigureWindow {
 public:
  using Values = std::array<std::uint64_t, count>;
  /// How far back a rate looks, as RabbitMQ's default sampling does.
  static constexpr TimeMs span_ms = 5000;

  /// Remembers the figures at `now`. One that fell and must not was counted by another object of
  /// the same name: the past is forgotten.
  void add(TimeMs now, const Values& values) {
    if (!samples_.empty() && !std::equal(values.begin(), values.begin() + rising,
                                         samples_.back().values.begin(), std::greater_equal<>{}))
      samples_.clear();
    if (!samples_.empty() && samples_.back().values == values)
      samples_.back().until = now;
    else
      samples_.push_back({now, now, values});
    // The sample that held at the start of the window stays, so that the window is covered whole.
    while (samples_.size() > 1 && samples_[1].from <= now - span_ms)
      samples_.erase(samples_.begin());
  }
  /// Events per second over the window; of a figure that may fall what it has grown by.
  double rate(std::size_t index) const {
    if (samples_.size() < 2) return 0;
    const Sample& first = samples_.front();
    const Sample& last = samples_.back();
    const TimeMs start = std::clamp(last.until - span_ms, first.from, first.until);
    if (last.until <= start) return 0;
    const double events =
        static_cast<double>(last.values[index]) - static_cast<double>(first.values[index]);
    return events * 1000.0 / static_cast<double>(last.until - start);
  }
  std::size_t sample_count() const { return samples_.size(); }
  /// What it knows from longest ago, and since when that was so; of one that knows something.
  const Values& oldest() const { return samples_.front().values; }
  TimeMs oldest_time() const { return samples_.front().from; }
  /// Since when nothing has happened; nothing when something has within the window.
  std::optional<TimeMs> idle_since() const {
    if (samples_.size() != 1) return std::nullopt;
    return samples_.front().from;
  }

 private:
  /// Values that were seen from `from` to `until`.
  struct Sample {
    TimeMs from = 0;
    TimeMs until = 0;
    Values values{};
  };
  std::vector<Sample> samples_;
};

/// Of a queue's, a channel's or all messages.
class RateWindow : public FigureWindow<column_count, counter_count> {
 public:
  using FigureWindow::add;
  using FigureWindow::rate;
  void add(TimeMs now, const broker::MessageStats& stats) { add(now, column_values(stats, {})); }
  /// By the counter's name; 0 for an unknown one.
  double rate(std::string_view name) const;
};
/// Of two counters: a connection's octets received and sent, an exchange's messages in and out.
using PairWindow = FigureWindow<2, 2>;

}  // namespace leveret::http
