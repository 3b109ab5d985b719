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

const std::array<ChurnCounter, churn_counter_count> churn_counters{{
    {"channel_closed", [](const broker::ChurnStats& s) { return s.channels_closed; }},
    {"channel_created", [](const broker::ChurnStats& s) { return s.channels_opened; }},
    {"connection_closed", [](const broker::ChurnStats& s) { return s.connections_closed; }},
    {"connection_created", [](const broker::ChurnStats& s) { return s.connections_opened; }},
    {"queue_created", [](const broker::ChurnStats& s) { return s.queues_created; }},
    {"queue_declared", [](const broker::ChurnStats& s) { return s.queues_declared; }},
    {"queue_deleted", [](const broker::ChurnStats& s) { return s.queues_deleted; }},
}};

ColumnValues column_values(const MessageStats& stats, const Lengths& lengths) {
  ColumnValues values{};
  for (std::size_t i = 0; i < counter_count; ++i) values[i] = counters[i].read(stats);
  values[ready_column] = lengths.ready;
  values[unacked_column] = lengths.unacked;
  values[messages_column] = lengths.ready + lengths.unacked;
  return values;
}

double RateWindow::rate(std::string_view name) const {
  const auto it = std::ranges::find(counters, name, &Counter::name);
  return it == counters.end() ? 0 : rate(static_cast<std::size_t>(it - counters.begin()));
}

}  // namespace leveret::http
