#include "broker/inspect.h"

#include <algorithm>
#include <utility>

#include "broker/channel.h"
#include "broker/connection.h"
#include "broker/exchange.h"
#include "broker/queue.h"
#include "broker/vhost.h"

namespace leveret::broker {
namespace {

ExchangeView view_of(const Exchange& exchange) {
  return {.name = exchange.name(),
          .type = exchange.type(),
          .durable = exchange.is_durable(),
          .auto_delete = exchange.is_auto_delete(),
          .internal = exchange.is_internal(),
          .arguments = exchange.arguments(),
          .policy = exchange.policy(),
          .publish_in = exchange.publish_in,
          .publish_out = exchange.publish_out};
}

/// The same for the same arguments, whenever and wherever: it stands in paths that clients keep.
std::string arguments_key_of(const amqp::Table& arguments) {
  if (arguments.is_empty()) return {};
  std::string bytes;
  amqp::Writer writer{bytes};
  amqp::write_table(writer, arguments);
  // FNV-1a, 64 bits.
  std::uint64_t hash = 14695981039346656037U;
  for (const char c : bytes) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211U;
  static constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  for (unsigned shift = 64; shift > 0; shift -= 4) text += digits[(hash >> (shift - 4)) & 15U];
  return text;
}

ConnectionView view_of(const Connection& connection) {
  const ConnectionInfo& info = connection.info();
  return {.id = connection.id(),
          .name = info.name,
          .user = info.user,
          .auth_mechanism = info.auth_mechanism,
          .peer_host = info.peer_host,
          .peer_port = info.peer_port,
          .host = info.host,
          .port = info.port,
          .client_properties = info.client_properties,
          .connected_at = info.connected_at,
          .channel_max = info.channel_max,
          .frame_max = info.frame_max,
          .heartbeat_s = info.heartbeat_s,
          .tls = info.tls,
          .channels = connection.channel_count(),
          .state = connection.state(),
          .waiting_octets = connection.output_bytes(),
          .traffic = connection.traffic};
}

ChannelView view_of(const Channel& channel) {
  return {.number = channel.number(),
          .connection = channel.connection().info().name,
          .user = channel.connection().info().user,
          .confirm = channel.is_confirm_mode(),
          .transactional = channel.is_transactional(),
          .prefetch = channel.prefetch(),
          .global_prefetch = channel.global_prefetch(),
          .unacked = channel.unacked().count(),
          .unconfirmed = channel.unconfirmed_count(),
          .publishes_uncommitted = channel.uncommitted_publishes(),
          .settled_uncommitted = channel.uncommitted_settlements(),
          .consumers = channel.consumers().size()};
}

ConsumerView view_of(const Consumer& consumer) {
  return {.tag = std::string{consumer.tag->view()},
          .queue = consumer.queue->name(),
          .connection = consumer.channel->connection().info().name,
          .channel = consumer.channel->number(),
          .no_ack = consumer.no_ack,
          .exclusive = consumer.exclusive,
          .active = !consumer.queue->parsed().single_active_consumer ||
                    consumer.queue->consumers().front() == &consumer,
          .prefetch = consumer.prefetch,
          .unacked = consumer.unacked,
          .arguments = consumer.arguments};
}

template <class View>
std::vector<View> sorted_by_name(std::vector<View> views) {
  std::ranges::sort(views, {}, &View::name);
  return views;
}

}  // namespace

OverviewView view_overview(const Vhost& vhost) {
  OverviewView view;
  vhost.for_each_connection([&](const Connection& connection) {
    ++view.connections;
    view.channels += connection.channel_count();
  });
  vhost.for_each_exchange([&](const Exchange&) { ++view.exchanges; });
  vhost.for_each_queue([&](const Queue& queue) {
    ++view.queues;
    view.consumers += queue.consumers().size();
    view.ready += queue.ready().count();
    view.unacked += queue.unacked_count();
  });
  view.alarms = vhost.alarms();
  view.stats = vhost.all_messages();
  view.churn = vhost.churn();
  return view;
}

std::vector<ExchangeView> view_exchanges(const Vhost& vhost) {
  std::vector<ExchangeView> views;
  vhost.for_each_exchange([&](const Exchange& exchange) { views.push_back(view_of(exchange)); });
  return sorted_by_name(std::move(views));
}

std::optional<ExchangeView> view_exchange(const Vhost& vhost, std::string_view name) {
  const Exchange* exchange = vhost.find_exchange(name);
  if (exchange == nullptr) return std::nullopt;
  return view_of(*exchange);
}

std::vector<BindingView> view_bindings(const Vhost& vhost) {
  std::vector<BindingView> views;
  vhost.for_each_queue([&](const Queue& queue) {
    views.push_back({.source = "",
                     .destination = queue.name(),
                     .to_exchange = false,
                     .routing_key = queue.name(),
                     .arguments = {},
                     .arguments_key = {}});
  });
  vhost.for_each_exchange([&](const Exchange& exchange) {
    exchange.for_each_binding([&](const Binding& binding) {
      views.push_back(
          {.source = exchange.name(),
           .destination = binding.queue ? binding.queue->name() : binding.exchange->name(),
           .to_exchange = binding.queue == nullptr,
           .routing_key = binding.routing_key,
           .arguments = binding.arguments,
           .arguments_key = arguments_key_of(binding.arguments)});
    });
  });
  std::ranges::sort(views, [](const BindingView& a, const BindingView& b) {
    return std::tie(a.source, a.destination, a.routing_key, a.arguments_key) <
           std::tie(b.source, b.destination, b.routing_key, b.arguments_key);
  });
  return views;
}

std::vector<ConnectionView> view_connections(const Vhost& vhost) {
  std::vector<ConnectionView> views;
  vhost.for_each_connection(
      [&](const Connection& connection) { views.push_back(view_of(connection)); });
  return sorted_by_name(std::move(views));
}

std::vector<ChannelView> view_channels(const Vhost& vhost) {
  std::vector<ChannelView> views;
  vhost.for_each_connection([&](const Connection& connection) {
    connection.for_each_channel([&](const Channel& channel) { views.push_back(view_of(channel)); });
  });
  return views;
}

ClientSurvey::ClientSurvey(const Vhost& vhost) {
  vhost.for_each_connection(
      [&](const Connection& connection) { left_.push_back(connection.id()); });
}

bool ClientSurvey::look(const Vhost& vhost, std::size_t count) {
  for (; count > 0 && !left_.empty(); --count) {
    const Connection* connection = vhost.find_connection(left_.back());
    left_.pop_back();
    if (connection == nullptr) continue;
    views_.connections.push_back(view_of(*connection));
    connection->for_each_channel([&](const Channel& channel) {
      views_.channels.push_back(view_of(channel));
      for (const auto& [tag, consumer] : channel.consumers())
        views_.consumers.push_back(view_of(*consumer));
    });
  }
  return !left_.empty();
}

ClientViews ClientSurvey::take() {
  views_.connections = sorted_by_name(std::move(views_.connections));
  std::ranges::sort(views_.channels, [](const ChannelView& a, const ChannelView& b) {
    return std::tie(a.connection, a.number) < std::tie(b.connection, b.number);
  });
  std::ranges::sort(views_.consumers, [](const ConsumerView& a, const ConsumerView& b) {
    return std::tie(a.queue, a.connection, a.channel, a.tag) <
           std::tie(b.queue, b.connection, b.channel, b.tag);
  });
  return std::move(views_);
}

std::vector<ConsumerView> view_consumers(const Vhost& vhost, std::string_view queue_name) {
  std::vector<ConsumerView> views;
  vhost.for_each_queue([&](const Queue& queue) {
    if (!queue_name.empty() && queue.name() != queue_name) return;
    for (const Consumer* consumer : queue.consumers()) views.push_back(view_of(*consumer));
  });
  return views;
}

}  // namespace leveret::broker
