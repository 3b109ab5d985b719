#include "http/render.h"

#include <algorithm>

#include "broker/routing.h"
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

}  // namespace

Json exchange_types_json() {
  Json types = Json::array();
  for (const std::string_view name : broker::exchange_types)
    types.push_back({{"name", name}, {"description", description_of(name)}, {"enabled", true}});
  return types;
}

Json contexts_json(const Context& context) {
  Json contexts = Json::array();
  for (const auto& listener : context.listeners.listeners)
    if (listener.protocol == "http" || listener.protocol == "https")
      contexts.push_back({{"node", context.node},
                          {"description", "Leveret Management"},
                          {"path", "/"},
                          {"protocol", listener.protocol},
                          {"ip", listener.ip_address},
                          {"port", std::to_string(listener.port)},
                          {"ssl_opts", Json::array()}});
  return contexts;
}

namespace {

Json churn_json(const Context& context, const broker::ChurnStats& churn) {
  const History& past = context.rates.churn_history();
  Json rates = Json::object();
  for (std::size_t i = 0; i < churn_counter_count; ++i) {
    const std::string name{churn_counters[i].name};
    rates[name] = churn_counters[i].read(churn);
    rates[name + "_details"] = {{"rate", past.rate(i)}};
  }
  return rates;
}

}  // namespace

Json overview_json(const Context& context, const broker::OverviewView& overview,
                   const SampleRanges& ranges) {
  Past past{&context.rates.overall(), nullptr, ranges, context.clock.now()};
  const std::int64_t age_s = std::max(ranges.lengths.value_or(SampleRange{}).age_s,
                                      ranges.msg_rates.value_or(SampleRange{}).age_s);
  past.history = &context.rates.overall_history().reaching(age_s);
  Json queue_totals = Json::object();
  put_lengths(queue_totals, {overview.ready, overview.unacked}, past);
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
      {"queue_totals", std::move(queue_totals)},
      {"churn_rates", churn_json(context, overview.churn)},
      {"message_stats", stats_json(overview.stats, past, StatsDetail::full)},
      {"listeners", listeners_json(context)},
      {"contexts", contexts_json(context)},
      {"disable_stats", false},
      {"enable_queue_totals", false},
      {"statistics_db_event_queue", 0},
      {"release_series_support_status", "supported"},
      {"sample_retention_policies",
       {{"global", {600, 3600, 28800, 86400}}, {"basic", {600}}, {"detailed", Json::array()}}},
      {"uptime", context.clock.now() - context.started_at},
  };
}

Json queue_item_json(const Context& context, std::string_view vhost, const broker::QueueView& queue,
                     const SampleRanges& ranges, const Columns& columns) {
  const Past past = past_of(context.rates.find(vhost, queue.name), ranges, context.clock.now());
  const QueueSurroundings around{vhost, context.node, past, StatsDetail::brief,
                                 context.rates.consumer_capacity(vhost, queue.name)};
  return queue_json(queue, around, columns);
}

Json queue_detail_json(const Context& context, std::string_view vhost, const QueueDetail& detail,
                       const SampleRanges& ranges) {
  const std::string& name = detail.queue.name;
  const Past past = past_of(context.rates.find(vhost, name), ranges, context.clock.now());
  Json item = queue_json(detail.queue, {vhost, context.node, past, StatsDetail::full,
                                        context.rates.consumer_capacity(vhost, name)});
  // By channel and by exchange: nothing is counted so finely.
  item["deliveries"] = item["incoming"] = Json::array();
  Json& consumers = item["consumer_details"] = Json::array();
  for (const broker::ConsumerView& consumer : detail.consumers)
    consumers.push_back(consumer_json(consumer, vhost, context.node));
  return item;
}

}  // namespace leveret::http
