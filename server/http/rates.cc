#include "http/rates.h"

#include <algorithm>

namespace leveret::http {

using broker::MessageStats;

const std::array<Counter, counter_count> counters{{
    {"ack", [](const MessageStats& s) { return s.ack; }},
    {"confirm", [](const MessageStats& s) { return s.confirm; }},
    {"dead_lettered", [](const MessageStats& s) { return s.all_dead_lettered(); }},
    {"deliver", [](const MessageStats& s) { return s.deliver; }},
    {"deliver_get", [](const MessageStats& s) { return s.deliver_get(); }},
    {"deliver_no_ack", [](const MessageStats& s) { return s.deliver_no_ack; }},
    {"drop_unroutable", [](const MessageStats& s) { return s.drop_unroutable; }},
    {"get", [](const MessageStats& s) { return s.get; }},
    {"get_empty", [](const MessageStats& s) { return s.get_empty; }},
    {"get_no_ack", [](const MessageStats& s) { return s.get_no_ack; }},
    {"publish", [](const MessageStats& s) { return s.publish; }},
    {"redeliver", [](const MessageStats& s) { return s.redeliver; }},
    {"return_unroutable", [](const MessageStats& s) { return s.return_unroutable; }},
}};

ColumnValues column_values(const MessageStats& stats, const Lengths& lengths) {
  ColumnValues values{};
  for (std::size_t i = 0; i < counter_count; ++i) values[i] = counters[i].read(stats);
  values[ready_column] = lengths.ready;
  values[unacked_column] = lengths.unacked;
  values[messages_column] = lengths.ready + lengths.unacked;
  return values;
}

void RateWindow::add(TimeMs now, const ColumnValues& values) {
  const Sample sample{now, now, values};
  if (!samples_.empty()) {
    const auto& last = samples_.back().values;
    if (!std::equal(last.begin(), last.begin() + counter_count, values.begin(),
                    std::less_equal<>{}))
      samples_.clear();
  }
  if (!samples_.empty() && samples_.back().values == sample.values)
    samples_.back().until = now;
  else
    samples_.push_back(sample);
  // The sample that held at the start of the window stays, so that the window is covered whole.
  while (samples_.size() > 1 && samples_[1].from <= now - span_ms) samples_.erase(samples_.begin());
}

double RateWindow::rate(std::size_t index) const {
  if (samples_.size() < 2) return 0;
  const Sample& first = samples_.front();
  const Sample& last = samples_.back();
  const TimeMs start = std::clamp(last.until - span_ms, first.from, first.until);
  if (last.until <= start) return 0;
  const double events =
      static_cast<double>(last.values[index]) - static_cast<double>(first.values[index]);
  return events * 1000.0 / static_cast<double>(last.until - start);
}

double RateWindow::rate(std::string_view name) const {
  const auto it = std::ranges::find(counters, name, &Counter::name);
  return it == counters.end() ? 0 : rate(static_cast<std::size_t>(it - counters.begin()));
}

}  // namespace leveret::http
