#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "broker/counts.h"
#include "http/metrics/exposition.h"

/// RabbitMQ's metrics of objects: names, types and help of rabbitmq_prometheus 3.10
/// (prometheus_rabbitmq_core_metrics_collector.erl), and `queue_delivery_metrics` and
/// `exchange_metrics` of 4.x, as far as there is something here that they are true of. What is
/// about Erlang's processes and about Raft is left out, and so is what nobody counts here.
namespace leveret::http::metrics {

/// One family and where its value stands in what an object counts. `group` is what RabbitMQ's
/// /metrics/detailed calls a `family`; names are without "rabbitmq_".
template <class Counts>
struct Column {
  std::string_view group;
  Family family;
  std::uint64_t (*value)(const Counts&);
};

/// Of a virtual host, or of all together.
std::span<const Column<broker::VhostCounts>> churn_columns();
std::span<const Column<broker::VhostCounts>> message_columns();
/// Of a queue, or of all together.
std::span<const Column<broker::QueueCounts>> queue_columns();
/// Of single queues; all together, it is what was routed, which does not fall when a queue goes.
const Column<broker::QueueCounts>& queue_published_column();
/// Of single queues only: RabbitMQ does not add them up.
std::span<const Column<broker::QueueCounts>> queue_delivery_columns();
std::span<const Column<broker::ChannelCounts>> channel_columns();
std::span<const Column<broker::ConnectionCounts>> connection_columns();
std::span<const Column<broker::ExchangeCounts>> exchange_columns();
/// Of exchanges, named "rabbitmq_cluster_...".
std::span<const Column<broker::ExchangeCounts>> cluster_exchange_columns();

}  // namespace leveret::http::metrics
