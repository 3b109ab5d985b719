#pragma once

#include <array>
#include <cstdint>
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

/// The recent past of one set of counters: what their rates are computed from. Costs one sample
/// while nothing happens.
class RateWindow {
 public:
  /// How far back a rate looks, as RabbitMQ's default sampling does.
  static constexpr TimeMs span_ms = 5000;

  /// Remembers the counters at `now`. A counter that fell was counted by another queue of the same
  /// name: the past is forgotten.
  void add(TimeMs now, const broker::MessageStats& stats) { add(now, column_values(stats, {})); }
  void add(TimeMs now, const ColumnValues& values);
  /// Events per second over the window of the counter at `index` in `counters`; of a LengthColumn
  /// what it has grown by, which may be negative.
  double rate(std::size_t index) const;
  /// The same by name; 0 for an unknown one.
  double rate(std::string_view name) const;

  std::size_t sample_count() const { return samples_.size(); }

 private:
  /// Values that were seen from `from` to `until`.
  struct Sample {
    TimeMs from = 0;
    TimeMs until = 0;
    ColumnValues values{};
  };
  std::vector<Sample> samples_;
};

}  // namespace leveret::http
