#include "broker/stats.h"

namespace leveret::broker {

const std::array<double, 8> message_bytes_bounds{100,       1'000,      10'000,     100'000,
                                                 1'000'000, 10'000'000, 50'000'000, 100'000'000};

Traffic& operator+=(Traffic& sum, const Traffic& traffic) {
  sum.received += traffic.received;
  sum.received_octets += traffic.received_octets;
  sum.sent += traffic.sent;
  sum.sent_octets += traffic.sent_octets;
  return sum;
}

MessageStats& operator+=(MessageStats& sum, const MessageStats& stats) {
  sum.publish += stats.publish;
  sum.deliver += stats.deliver;
  sum.deliver_no_ack += stats.deliver_no_ack;
  sum.get += stats.get;
  sum.get_no_ack += stats.get_no_ack;
  sum.get_empty += stats.get_empty;
  sum.ack += stats.ack;
  sum.redeliver += stats.redeliver;
  sum.confirm += stats.confirm;
  sum.return_unroutable += stats.return_unroutable;
  sum.drop_unroutable += stats.drop_unroutable;
  for (int i = 0; i < death_reason_count; ++i) {
    sum.dead_lettered[i] += stats.dead_lettered[i];
    sum.dropped[i] += stats.dropped[i];
  }
  sum.purged += stats.purged;
  return sum;
}

MessageStats VhostCounters::all_messages() const {
  MessageStats all;
  for (const MessageStats& stats : messages) all += stats;
  return all;
}

ChurnStats& operator+=(ChurnStats& sum, const ChurnStats& stats) {
  sum.connections_opened += stats.connections_opened;
  sum.connections_closed += stats.connections_closed;
  sum.channels_opened += stats.channels_opened;
  sum.channels_closed += stats.channels_closed;
  sum.queues_declared += stats.queues_declared;
  sum.queues_created += stats.queues_created;
  sum.queues_deleted += stats.queues_deleted;
  return sum;
}

namespace {

void add(JournalStats& sum, const JournalStats& stats) {
  sum.commits += stats.commits;
  sum.messages_recorded += stats.messages_recorded;
  sum.messages_settled_unwritten += stats.messages_settled_unwritten;
  sum.commit_seconds += stats.commit_seconds;
  sum.wait_seconds += stats.wait_seconds;
  sum.batch_messages += stats.batch_messages;
  sum.log_bytes += stats.log_bytes;
}

}  // namespace

VhostCounters& operator+=(VhostCounters& sum, const VhostCounters& counters) {
  for (std::size_t i = 0; i < queue_kind_count; ++i) sum.messages[i] += counters.messages[i];
  sum.churn += counters.churn;
  sum.publish_confirm += counters.publish_confirm;
  sum.routed += counters.routed;
  sum.closed_traffic += counters.closed_traffic;
  sum.message_bytes += counters.message_bytes;
  add(sum.journal, counters.journal);
  return sum;
}

}  // namespace leveret::broker
