#include "http/render.h"

#include <algorithm>

#include "broker/routing.h"
#include "broker/vhost.h"
#include "http/context.h"
#include "http/views.h"

namespace leveret::http {
namespace {

Json listeners_json(const Context& context) {
  Json listeners = Json::array();
  for (const auto& listener : context.listeners.listeners)
    listeners.push_back({{"node", context.node},
                         {"protocol", listener.protocol},
                         {"ip_address", listener.ip_address},
                         {"port", listener.port}});
  return listeners;
}

/// As RabbitMQ and its plugins describe them.
std::string description_of(std::string_view exchange_type) {
  if (exchange_type == "x-consistent-hash") return "Consistent Hashing Exchange";
  if (exchange_type == "x-modulus-hash") return "Modulus Hashing Exchange";
  if (exchange_type == "x-random") return "Randomly picks a binding (queue) to route via (to).";
  return "AMQP " + std::string{exchange_type} + " exchange";
}

Json exchange_types_json() {
  Json types = Json::array();
  for (const std::string_view name : broker::exchange_types)
    types.push_back({{"name", name}, {"description", description_of(name)}, {"enabled", true}});
  return types;
}

}  // namespace

std::optional<QueueDetail> view_queue_detail(const broker::Vhost& vhost, std::string_view name) {
  auto queue = view_queue(vhost, name);
  if (!queue) return std::nullopt;
  QueueDetail detail{std::move(*queue), view_consumers(vhost, name), {}};
  if (!detail.consumers.empty()) detail.connections = view_connections(vhost);
  return detail;
}

broker::OverviewView& operator+=(broker::OverviewView& sum, const broker::OverviewView& view) {
  sum.connections += view.connections;
  sum.channels += view.channels;
  sum.exchanges += view.exchanges;
  sum.queues += view.queues;
  sum.consumers += view.consumers;
  sum.ready += view.ready;
  sum.unacked += view.unacked;
  sum.stats += view.stats;
  return sum;
}

Json overview_json(const Context& context, const broker::OverviewView& overview) {
  return {
      {"management_version", rabbitmq_version},
      {"rabbitmq_version", rabbitmq_version},
      {"product_name", "Leveret"},
      {"product_version", context.listeners.version},
      {"node", context.node},
      {"cluster_name", cluster_name(context)},
      {"rates_mode", "basic"},
      {"exchange_types", exchange_types_json()},
      {"object_totals",
       {{"connections", overview.connections},
        {"channels", overview.channels},
        {"exchanges", overview.exchanges},
        {"queues", overview.queues},
        {"consumers", overview.consumers}}},
      {"queue_totals",
       {{"messages", overview.ready + overview.unacked},
        {"messages_ready", overview.ready},
        {"messages_unacknowledged", overview.unacked}}},
      {"message_stats", stats_json(overview.stats, &context.rates.overall(), StatsDetail::full)},
      {"listeners", listeners_json(context)},
      {"contexts", Json::array()},
      {"uptime", context.clock.now() - context.started_at},
  };
}

Json queue_item_json(const Context& context, std::string_view vhost,
                     const broker::QueueView& queue) {
  return queue_json(
      queue, {vhost, context.node, context.rates.find(vhost, queue.name), StatsDetail::brief});
}

Json queue_detail_json(const Context& context, std::string_view vhost, const QueueDetail& detail) {
  Json item = queue_json(
      detail.queue,
      {vhost, context.node, context.rates.find(vhost, detail.queue.name), StatsDetail::full});
  Json& consumers = item["consumer_details"] = Json::array();
  for (const broker::ConsumerView& consumer : detail.consumers)
    consumers.push_back(consumer_json(
        consumer, find_connection(detail.connections, consumer.connection), vhost, context.node));
  return item;
}

const broker::ConnectionView* find_connection(
    const std::vector<broker::ConnectionView>& connections, std::string_view name) {
  const auto it = std::ranges::lower_bound(connections, name, {}, &broker::ConnectionView::name);
  return it == connections.end() || it->name != name ? nullptr : &*it;
}

}  // namespace leveret::http
