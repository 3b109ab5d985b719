#include "http/metrics/columns.h"

#include <array>

namespace leveret::http::metrics {
namespace {

using broker::ChannelCounts;
using broker::ConnectionCounts;
using broker::ExchangeCounts;
using broker::QueueCounts;
using broker::VhostCounts;
using enum Type;

constexpr std::string_view churn_group = "connection_churn_metrics";
constexpr std::array churn{
    Column<VhostCounts>{churn_group,
                        {"connections_opened_total", counter, "Total number of connections opened"},
                        [](const VhostCounts& v) { return v.counters.churn.connections_opened; }},
    Column<VhostCounts>{
        churn_group,
        {"connections_closed_total", counter, "Total number of connections closed or terminated"},
        [](const VhostCounts& v) { return v.counters.churn.connections_closed; }},
    Column<VhostCounts>{churn_group,
                        {"channels_opened_total", counter, "Total number of channels opened"},
                        [](const VhostCounts& v) { return v.counters.churn.channels_opened; }},
    Column<VhostCounts>{churn_group,
                        {"channels_closed_total", counter, "Total number of channels closed"},
                        [](const VhostCounts& v) { return v.counters.churn.channels_closed; }},
    Column<VhostCounts>{churn_group,
                        {"queues_declared_total", counter, "Total number of queues declared"},
                        [](const VhostCounts& v) { return v.counters.churn.queues_declared; }},
    Column<VhostCounts>{churn_group,
                        {"queues_created_total", counter, "Total number of queues created"},
                        [](const VhostCounts& v) { return v.counters.churn.queues_created; }},
    Column<VhostCounts>{churn_group,
                        {"queues_deleted_total", counter, "Total number of queues deleted"},
                        [](const VhostCounts& v) { return v.counters.churn.queues_deleted; }},
};

/// RabbitMQ has these by channel; here channels do not count, so they are the virtual host's, which
/// do not fall when a channel is closed.
constexpr std::array messages{
    Column<VhostCounts>{"channel_exchange_metrics",
                        {"channel_messages_published_total", counter,
                         "Total number of messages published into an exchange on a channel"},
                        [](const VhostCounts& v) { return v.counters.all_messages().publish; }},
    Column<VhostCounts>{
        "channel_exchange_metrics",
        {"channel_messages_confirmed_total", counter,
         "Total number of messages published into an exchange and confirmed on the channel"},
        [](const VhostCounts& v) { return v.counters.all_messages().confirm; }},
    Column<VhostCounts>{
        "channel_exchange_metrics",
        {"channel_messages_unroutable_returned_total", counter,
         "Total number of messages published as mandatory into an exchange and returned to the "
         "publisher as unroutable"},
        [](const VhostCounts& v) { return v.counters.all_messages().return_unroutable; }},
    Column<VhostCounts>{
        "channel_exchange_metrics",
        {"channel_messages_unroutable_dropped_total", counter,
         "Total number of messages published as non-mandatory into an exchange and dropped as "
         "unroutable"},
        [](const VhostCounts& v) { return v.counters.all_messages().drop_unroutable; }},
    Column<VhostCounts>{
        "channel_queue_metrics",
        {"channel_get_ack_total", counter,
         "Total number of messages fetched with basic.get in manual acknowledgement mode"},
        [](const VhostCounts& v) { return v.counters.all_messages().get; }},
    Column<VhostCounts>{
        "channel_queue_metrics",
        {"channel_get_total", counter,
         "Total number of messages fetched with basic.get in automatic acknowledgement mode"},
        [](const VhostCounts& v) { return v.counters.all_messages().get_no_ack; }},
    Column<VhostCounts>{
        "channel_queue_metrics",
        {"channel_messages_delivered_ack_total", counter,
         "Total number of messages delivered to consumers in manual acknowledgement mode"},
        [](const VhostCounts& v) { return v.counters.all_messages().deliver; }},
    Column<VhostCounts>{
        "channel_queue_metrics",
        {"channel_messages_delivered_total", counter,
         "Total number of messages delivered to consumers in automatic acknowledgement mode"},
        [](const VhostCounts& v) { return v.counters.all_messages().deliver_no_ack; }},
    Column<VhostCounts>{"channel_queue_metrics",
                        {"channel_messages_redelivered_total", counter,
                         "Total number of messages redelivered to consumers"},
                        [](const VhostCounts& v) { return v.counters.all_messages().redeliver; }},
    Column<VhostCounts>{"channel_queue_metrics",
                        {"channel_messages_acked_total", counter,
                         "Total number of messages acknowledged by consumers"},
                        [](const VhostCounts& v) { return v.counters.all_messages().ack; }},
    Column<VhostCounts>{"channel_queue_metrics",
                        {"channel_get_empty_total", counter,
                         "Total number of times basic.get operations fetched no message"},
                        [](const VhostCounts& v) { return v.counters.all_messages().get_empty; }},
};

constexpr std::array queues{
    Column<QueueCounts>{
        "queue_coarse_metrics",
        {"queue_messages_ready", gauge, "Messages ready to be delivered to consumers"},
        [](const QueueCounts& q) { return q.ready; }},
    Column<QueueCounts>{"queue_coarse_metrics",
                        {"queue_messages_unacked", gauge,
                         "Messages delivered to consumers but not yet acknowledged"},
                        [](const QueueCounts& q) { return q.unacked; }},
    Column<QueueCounts>{
        "queue_coarse_metrics",
        {"queue_messages", gauge, "Sum of ready and unacknowledged messages - total queue depth"},
        [](const QueueCounts& q) { return q.ready + q.unacked; }},
    Column<QueueCounts>{"queue_consumer_count",
                        {"queue_consumers", gauge, "Consumers on a queue"},
                        [](const QueueCounts& q) { return q.consumers; }},
    Column<QueueCounts>{
        "queue_metrics",
        {"queue_messages_ram", gauge, "Ready and unacknowledged messages stored in memory"},
        [](const QueueCounts& q) { return q.ready_in_memory + q.unacked; }},
    Column<QueueCounts>{"queue_metrics",
                        {"queue_messages_ready_ram", gauge, "Ready messages stored in memory"},
                        [](const QueueCounts& q) { return q.ready_in_memory; }},
    Column<QueueCounts>{
        "queue_metrics",
        {"queue_messages_unacked_ram", gauge, "Unacknowledged messages stored in memory"},
        [](const QueueCounts& q) { return q.unacked; }},
    Column<QueueCounts>{
        "queue_metrics",
        {"queue_messages_bytes", gauge, "Size in bytes of ready and unacknowledged messages"},
        [](const QueueCounts& q) { return q.ready_bytes + q.unacked_bytes; }},
    Column<QueueCounts>{"queue_metrics",
                        {"queue_messages_ready_bytes", gauge, "Size in bytes of ready messages"},
                        [](const QueueCounts& q) { return q.ready_bytes; }},
    Column<QueueCounts>{
        "queue_metrics",
        {"queue_messages_unacked_bytes", gauge, "Size in bytes of all unacknowledged messages"},
        [](const QueueCounts& q) { return q.unacked_bytes; }},
    Column<QueueCounts>{"queue_metrics",
                        {"queue_messages_paged_out", gauge, "Messages paged out to disk"},
                        [](const QueueCounts& q) { return q.ready - q.ready_in_memory; }},
};

constexpr Column<QueueCounts> published{
    "channel_queue_exchange_metrics",
    {"queue_messages_published_total", counter, "Total number of messages published to queues"},
    [](const QueueCounts& q) { return q.stats.publish; }};

constexpr std::string_view delivery_group = "queue_delivery_metrics";
constexpr std::array queue_deliveries{
    Column<QueueCounts>{
        delivery_group,
        {"queue_get_ack_total", counter,
         "Total number of messages fetched from a queue with basic.get in manual acknowledgement "
         "mode"},
        [](const QueueCounts& q) { return q.stats.get; }},
    Column<QueueCounts>{
        delivery_group,
        {"queue_get_total", counter,
         "Total number of messages fetched from a queue with basic.get in automatic "
         "acknowledgement mode"},
        [](const QueueCounts& q) { return q.stats.get_no_ack; }},
    Column<QueueCounts>{
        delivery_group,
        {"queue_messages_delivered_ack_total", counter,
         "Total number of messages delivered from a queue to consumers in manual acknowledgement "
         "mode"},
        [](const QueueCounts& q) { return q.stats.deliver; }},
    Column<QueueCounts>{
        delivery_group,
        {"queue_messages_delivered_total", counter,
         "Total number of messages delivered from a queue to consumers in automatic "
         "acknowledgement mode"},
        [](const QueueCounts& q) { return q.stats.deliver_no_ack; }},
    Column<QueueCounts>{delivery_group,
                        {"queue_messages_redelivered_total", counter,
                         "Total number of messages redelivered to consumers from a queue"},
                        [](const QueueCounts& q) { return q.stats.redeliver; }},
    Column<QueueCounts>{delivery_group,
                        {"queue_messages_acked_total", counter,
                         "Total number of messages acknowledged by consumers on a queue"},
                        [](const QueueCounts& q) { return q.stats.ack; }},
    Column<QueueCounts>{
        delivery_group,
        {"queue_get_empty_total", counter,
         "Total number of times basic.get operations fetched no message on a queue"},
        [](const QueueCounts& q) { return q.stats.get_empty; }},
};

constexpr std::string_view channel_group = "channel_metrics";
constexpr std::array channels{
    Column<ChannelCounts>{channel_group,
                          {"channel_consumers", gauge, "Consumers on a channel"},
                          [](const ChannelCounts& c) { return c.consumers; }},
    Column<ChannelCounts>{
        channel_group,
        {"channel_messages_unacked", gauge, "Delivered but not yet acknowledged messages"},
        [](const ChannelCounts& c) { return c.unacked; }},
    Column<ChannelCounts>{
        channel_group,
        {"channel_messages_unconfirmed", gauge, "Published but not yet confirmed messages"},
        [](const ChannelCounts& c) { return c.unconfirmed; }},
    Column<ChannelCounts>{channel_group,
                          {"channel_messages_uncommitted", gauge,
                           "Messages received in a transaction but not yet committed"},
                          [](const ChannelCounts& c) { return c.publishes_uncommitted; }},
    Column<ChannelCounts>{channel_group,
                          {"channel_acks_uncommitted", gauge,
                           "Message acknowledgements in a transaction not yet committed"},
                          [](const ChannelCounts& c) { return c.settled_uncommitted; }},
    Column<ChannelCounts>{
        channel_group,
        {"consumer_prefetch", gauge, "Limit of unacknowledged messages for each consumer"},
        [](const ChannelCounts& c) { return c.prefetch; }},
    Column<ChannelCounts>{channel_group,
                          {"channel_prefetch", gauge,
                           "Total limit of unacknowledged messages for all consumers on a channel"},
                          [](const ChannelCounts& c) { return c.global_prefetch; }},
};

constexpr std::array connections{
    Column<ConnectionCounts>{"connection_metrics",
                             {"connection_channels", gauge, "Channels on a connection"},
                             [](const ConnectionCounts& c) { return c.channels; }},
    Column<ConnectionCounts>{"connection_coarse_metrics",
                             {"connection_incoming_bytes_total", counter,
                              "Total number of bytes received on a connection"},
                             [](const ConnectionCounts& c) { return c.traffic.received_octets; }},
    Column<ConnectionCounts>{
        "connection_coarse_metrics",
        {"connection_outgoing_bytes_total", counter, "Total number of bytes sent on a connection"},
        [](const ConnectionCounts& c) { return c.traffic.sent_octets; }},
    Column<ConnectionCounts>{"connection_metrics",
                             {"connection_incoming_packets_total", counter,
                              "Total number of packets received on a connection"},
                             [](const ConnectionCounts& c) { return c.traffic.received; }},
    Column<ConnectionCounts>{"connection_metrics",
                             {"connection_outgoing_packets_total", counter,
                              "Total number of packets sent on a connection"},
                             [](const ConnectionCounts& c) { return c.traffic.sent; }},
};

constexpr std::array exchanges{
    Column<ExchangeCounts>{"exchange_metrics",
                           {"exchange_messages_published_total", counter,
                            "Total number of messages published into an exchange"},
                           [](const ExchangeCounts& e) { return e.publish_in; }},
};

constexpr std::array cluster_exchanges{
    Column<ExchangeCounts>{"exchange_bindings",
                           {"exchange_bindings", gauge,
                            "Number of bindings for an exchange. This value is cluster-wide."},
                           [](const ExchangeCounts& e) { return e.bindings; }},
    Column<ExchangeCounts>{
        "exchange_names",
        {"exchange_name", gauge,
         "Enumerates exchanges without any additional info. This value is cluster-wide. A cheaper "
         "alternative to `exchange_bindings`"},
        [](const ExchangeCounts&) { return std::uint64_t{1}; }},
};

}  // namespace

std::span<const Column<VhostCounts>> churn_columns() {
  return churn;
}
std::span<const Column<VhostCounts>> message_columns() {
  return messages;
}
std::span<const Column<QueueCounts>> queue_columns() {
  return queues;
}
const Column<QueueCounts>& queue_published_column() {
  return published;
}
std::span<const Column<QueueCounts>> queue_delivery_columns() {
  return queue_deliveries;
}
std::span<const Column<ChannelCounts>> channel_columns() {
  return channels;
}
std::span<const Column<ConnectionCounts>> connection_columns() {
  return connections;
}
std::span<const Column<ExchangeCounts>> exchange_columns() {
  return exchanges;
}
std::span<const Column<ExchangeCounts>> cluster_exchange_columns() {
  return cluster_exchanges;
}

}  // namespace leveret::http::metrics
