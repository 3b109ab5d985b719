#include <algorithm>
#include <string>

#include "amqp/reply_code.h"
#include "broker/channel.h"
#include "broker/connection.h"
#include "broker/passive_access.h"
#include "broker/queue.h"
#include "broker/vhost.h"

namespace leveret::broker {
namespace {

std::uint32_t count32(std::uint64_t count) {
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(count, UINT32_MAX));
}

}  // namespace

void Channel::on(const amqp::queue::Declare& method) {
  const std::string name = strip_line_breaks(method.queue);
  const bool is_passive = method.passive;
  if (is_passive)
    require_any_right(permissions(), name, "queue '" + name + "' in vhost '" + vhost_.name() + "'",
                      connection_.info().user);
  Queue& queue = is_passive ? find_queue(name)
                            : vhost_.declare_queue({.name = name,
                                                    .durable = method.durable,
                                                    .exclusive = method.exclusive,
                                                    .auto_delete = method.auto_delete,
                                                    .arguments = method.arguments},
                                                   connection_.id(), &permissions());
  last_queue_ = queue.name();
  queue.touch();
  if (method.nowait) return;
  reply_durably(amqp::queue::DeclareOk{.queue = queue.name(),
                                       .message_count = count32(queue.ready().count()),
                                       .consumer_count = count32(queue.consumers().size())});
}

void Channel::on(const amqp::queue::Bind& method) {
  // With neither name nor key the key is the queue's name too (rabbit_channel.erl).
  const std::string name = queue_name_or_last(method.queue);
  const std::string exchange = strip_line_breaks(method.exchange);
  const bool is_shortcut = method.queue.empty() && method.routing_key.empty();
  vhost_.bind({.source = exchange,
               .destination = name,
               .to_exchange = false,
               .routing_key = is_shortcut ? std::string_view{name} : method.routing_key,
               .arguments = method.arguments},
              connection_.id(), &permissions());
  if (!method.nowait) reply_durably(amqp::queue::BindOk{});
}

void Channel::on(const amqp::queue::Unbind& method) {
  const std::string name = queue_name_or_last(method.queue);
  const std::string exchange = strip_line_breaks(method.exchange);
  const bool is_shortcut = method.queue.empty() && method.routing_key.empty();
  vhost_.unbind({.source = exchange,
                 .destination = name,
                 .to_exchange = false,
                 .routing_key = is_shortcut ? std::string_view{name} : method.routing_key,
                 .arguments = method.arguments},
                connection_.id(), &permissions());
  reply_durably(amqp::queue::UnbindOk{});
}

void Channel::on(const amqp::queue::Purge& method) {
  permissions().require_queue(Right::read, queue_name_or_last(method.queue));
  const std::uint64_t count = find_queue(method.queue).purge();
  if (!method.nowait) reply(amqp::queue::PurgeOk{.message_count = count32(count)});
}

void Channel::on(const amqp::queue::Delete& method) {
  const std::uint64_t count =
      vhost_.delete_queue(queue_name_or_last(method.queue), method.if_unused, method.if_empty,
                          connection_.id(), &permissions());
  if (!method.nowait) reply_durably(amqp::queue::DeleteOk{.message_count = count32(count)});
}

}  // namespace leveret::broker
