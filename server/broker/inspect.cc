#include "broker/inspect.h"

#include <algorithm>
#include <utility>

#include "broker/channel.h"
#include "broker/connection.h"
#include "broker/exchange.h"
#include "broker/queue.h"
#include "broker/vhost.h"

namespace leveret::broker {

ExchangeView view_of(const Exchange& exchange) {
  return {.serial = exchange.roster_serial,
          .name = exchange.name(),
          .type = exchange.type(),
          .durable = exchange.is_durable(),
          .auto_delete = exchange.is_auto_delete(),
          .internal = exchange.is_internal(),
          .arguments = exchange.arguments(),
          .policy = exchange.policy(),
          .publish_in = exchange.publish_in,
          .publish_out = exchange.publish_out};
}

ConnectionView view_of(const Connection& connection) {
  const ConnectionInfo& info = connection.info();
  return {.id = connection.id(),
          .serial = connection.roster_serial,
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
  return {.connection_id = channel.connection().id(),
          .serial = channel.serial(),
          .number = channel.number(),
          .connection = channel.connection().info().name,
          .user = channel.connection().info().user,
          .peer_host = channel.connection().info().peer_host,
          .peer_port = channel.connection().info().peer_port,
          .confirm = channel.is_confirm_mode(),
          .transactional = channel.is_transactional(),
          .prefetch = channel.prefetch(),
          .global_prefetch = channel.global_prefetch(),
          .unacked = channel.unacked().count(),
          .unconfirmed = channel.unconfirmed_count(),
          .publishes_uncommitted = channel.uncommitted_publishes(),
          .settled_uncommitted = channel.uncommitted_settlements(),
          .consumers = channel.consumers().size(),
          .stats = channel.message_stats()};
}

ConsumerView view_of(const Consumer& consumer) {
  const ConnectionInfo& info = consumer.channel->connection().info();
  return {.tag = std::string{consumer.tag->view()},
          .queue = consumer.queue->name(),
          .connection = info.name,
          .channel = consumer.channel->number(),
          .user = info.user,
          .peer_host = info.peer_host,
          .peer_port = info.peer_port,
          .no_ack = consumer.no_ack,
          .exclusive = consumer.exclusive,
          .active = !consumer.queue->parsed().single_active_consumer ||
                    consumer.queue->consumers().front() == &consumer,
          .prefetch = consumer.prefetch,
          .unacked = consumer.unacked,
          .arguments = consumer.arguments};
}

std::optional<ExchangeView> view_exchange(const Vhost& vhost, std::string_view name) {
  const Exchange* exchange = vhost.find_exchange(name);
  if (exchange == nullptr) return std::nullopt;
  return view_of(*exchange);
}

std::uint64_t queue_length(const Vhost& vhost, std::string_view name) {
  const Queue* queue = vhost.find_queue(name);
  return queue ? queue->ready().count() + queue->unacked_count() : 0;
}

std::vector<ConsumerView> view_consumers(const Vhost& vhost, const ChannelView& view) {
  std::vector<ConsumerView> views;
  const Connection* connection = vhost.find_connection(view.connection_id);
  const Channel* channel = connection ? connection->find_channel(view.number) : nullptr;
  if (channel)
    for (const auto& [tag, consumer] : channel->consumers()) views.push_back(view_of(*consumer));
  std::ranges::sort(views, {}, &ConsumerView::tag);
  return views;
}

}  // namespace leveret::broker
