#include "amqp/reply_code.h"
#include "broker/channel.h"
#include "broker/connection.h"
#include "broker/exchange.h"
#include "broker/passive_access.h"
#include "broker/vhost.h"

namespace leveret::broker {

void Channel::on(const amqp::exchange::Declare& method) {
  const std::string name = strip_line_breaks(method.exchange);
  if (method.passive) {
    require_any_right(permissions(), name,
                      "exchange '" + name + "' in vhost '" + vhost_.name() + "'",
                      connection_.info().user);
    vhost_.check_exchange(name);
  } else {
    vhost_.declare_exchange({.name = name,
                             .type = method.type,
                             .durable = method.durable,
                             .auto_delete = method.auto_delete,
                             .internal = method.internal,
                             .arguments = method.arguments},
                            &permissions());
  }
  if (!method.nowait) reply_durably(amqp::exchange::DeclareOk{});
}

void Channel::on(const amqp::exchange::Delete& method) {
  vhost_.delete_exchange(strip_line_breaks(method.exchange), method.if_unused, &permissions());
  if (!method.nowait) reply_durably(amqp::exchange::DeleteOk{});
}

void Channel::on(const amqp::exchange::Bind& method) {
  const std::string source = strip_line_breaks(method.source);
  const std::string destination = strip_line_breaks(method.destination);
  vhost_.bind({.source = source,
               .destination = destination,
               .to_exchange = true,
               .routing_key = method.routing_key,
               .arguments = method.arguments},
              connection_.id(), &permissions());
  if (!method.nowait) reply_durably(amqp::exchange::BindOk{});
}

void Channel::on(const amqp::exchange::Unbind& method) {
  const std::string source = strip_line_breaks(method.source);
  const std::string destination = strip_line_breaks(method.destination);
  vhost_.unbind({.source = source,
                 .destination = destination,
                 .to_exchange = true,
                 .routing_key = method.routing_key,
                 .arguments = method.arguments},
                connection_.id(), &permissions());
  if (!method.nowait) reply_durably(amqp::exchange::UnbindOk{});
}

}  // namespace leveret::broker
