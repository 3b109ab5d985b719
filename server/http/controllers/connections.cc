#include <algorithm>

#include "broker/inspect.h"
#include "broker/vhost.h"
#include "http/ask.h"
#include "http/context.h"
#include "http/controllers/routes.h"
#include "http/error.h"
#include "http/list.h"
#include "http/render.h"
#include "http/views.h"

namespace leveret::http {
namespace {

namespace asio = boost::asio;

/// What one virtual host's clients are doing.
struct Clients {
  std::vector<broker::ConnectionView> connections;
  std::vector<broker::ChannelView> channels;
  std::vector<broker::ConsumerView> consumers;
};

/// Users without the tag `monitoring` see only themselves, as in RabbitMQ.
bool may_see(const auth::Identity& identity, const std::string& user) {
  return may_monitor(identity) || identity.user == user;
}

asio::awaitable<Response> answer_items(Request request, Json items) {
  co_return json_response(apply_list_options(std::move(items), read_list_options(request.query)));
}

using Cores = std::vector<std::shared_ptr<broker::Core>>;

asio::awaitable<Response> answer_connections(ContextPtr context, Request request, Cores cores) {
  Json items = Json::array();
  for (const auto& core : cores) {
    const auto connections = co_await ask(context, core, broker::view_connections);
    for (const broker::ConnectionView& connection : connections)
      if (may_see(request.identity, connection.user))
        items.push_back(connection_json(connection, core->vhost_name(), context->node));
  }
  co_return co_await answer_items(std::move(request), std::move(items));
}

asio::awaitable<Response> list_connections(ContextPtr context, Request request) {
  Cores cores = context->cores->all();
  co_return co_await answer_connections(std::move(context), std::move(request), std::move(cores));
}

asio::awaitable<Response> list_vhost_connections(ContextPtr context, Request request) {
  Cores cores;
  cores.push_back(find_core(*context, request.path.at("vhost")));
  co_return co_await answer_connections(std::move(context), std::move(request), std::move(cores));
}

/// A connection of any virtual host and where it is.
struct FoundConnection {
  std::shared_ptr<broker::Core> core;
  broker::ConnectionView connection;
};

/// Throws HttpError 404, also for a connection of somebody else that the user may not see.
asio::awaitable<FoundConnection> require_connection(ContextPtr context, std::string name,
                                                    auth::Identity identity) {
  const auto cores = context->cores->all();
  for (const auto& core : cores) {
    const auto connections = co_await ask(context, core, broker::view_connections);
    const broker::ConnectionView* found = find_connection(connections, name);
    if (found && may_see(identity, found->user)) co_return FoundConnection{core, *found};
  }
  throw not_found("no connection '" + name + "'");
}

asio::awaitable<Response> get_connection(ContextPtr context, Request request) {
  const FoundConnection found =
      co_await require_connection(context, request.path.at("name"), request.identity);
  co_return json_response(keep_columns(
      connection_json(found.connection, found.core->vhost_name(), context->node), request.query));
}

void require_owner(const Request& request, const std::string& user) {
  if (!is_administrator(request.identity) && user != request.identity.user)
    throw HttpError{403, "not_authorised", "only an administrator closes others' connections"};
}

std::string close_reason(const Request& request) {
  return request.reason.empty() ? "Closed via management plugin" : request.reason;
}

asio::awaitable<Response> close_connection(ContextPtr context, Request request) {
  const FoundConnection found =
      co_await require_connection(context, request.path.at("name"), request.identity);
  require_owner(request, found.connection.user);
  auto close = [id = found.connection.id, reason = close_reason(request)](broker::Vhost& vhost) {
    vhost.fail_connection(id, amqp::Error{amqp::ReplyCode::connection_forced, reason});
    return true;
  };
  co_await ask(context, found.core, std::move(close));
  co_return empty_response(204);
}

asio::awaitable<Response> list_user_connections(ContextPtr context, Request request) {
  const std::string& user = request.path.at("user");
  Json items = Json::array();
  const auto cores = context->cores->all();
  for (const auto& core : cores) {
    const auto connections = co_await ask(context, core, broker::view_connections);
    for (const broker::ConnectionView& connection : connections)
      if (connection.user == user && may_see(request.identity, user))
        items.push_back(connection_json(connection, core->vhost_name(), context->node));
  }
  co_return co_await answer_items(std::move(request), std::move(items));
}

asio::awaitable<Response> close_user_connections(ContextPtr context, Request request) {
  const std::string& user = request.path.at("user");
  require_owner(request, user);
  const auto cores = context->cores->all();
  for (const auto& core : cores) {
    auto close = [user, reason = close_reason(request)](broker::Vhost& vhost) {
      vhost.close_user(user, reason);
      return true;
    };
    co_await ask(context, core, std::move(close));
  }
  co_return empty_response(204);
}

Clients look_at_channels(const broker::Vhost& vhost) {
  return {view_connections(vhost), view_channels(vhost), {}};
}

asio::awaitable<Response> answer_channels(ContextPtr context, Request request, Cores cores) {
  Json items = Json::array();
  for (const auto& core : cores) {
    const Clients clients = co_await ask(context, core, look_at_channels);
    for (const broker::ChannelView& channel : clients.channels)
      if (may_see(request.identity, channel.user))
        items.push_back(channel_json(channel,
                                     find_connection(clients.connections, channel.connection),
                                     core->vhost_name(), context->node));
  }
  co_return co_await answer_items(std::move(request), std::move(items));
}

asio::awaitable<Response> list_channels(ContextPtr context, Request request) {
  Cores cores = context->cores->all();
  co_return co_await answer_channels(std::move(context), std::move(request), std::move(cores));
}

asio::awaitable<Response> list_vhost_channels(ContextPtr context, Request request) {
  Cores cores;
  cores.push_back(find_core(*context, request.path.at("vhost")));
  co_return co_await answer_channels(std::move(context), std::move(request), std::move(cores));
}

asio::awaitable<Response> list_connection_channels(ContextPtr context, Request request) {
  const FoundConnection found =
      co_await require_connection(context, request.path.at("name"), request.identity);
  const Clients clients = co_await ask(context, found.core, look_at_channels);
  Json items = Json::array();
  for (const broker::ChannelView& channel : clients.channels)
    if (channel.connection == found.connection.name)
      items.push_back(
          channel_json(channel, &found.connection, found.core->vhost_name(), context->node));
  co_return co_await answer_items(std::move(request), std::move(items));
}

Clients look_at_all(const broker::Vhost& vhost) {
  return {view_connections(vhost), view_channels(vhost), view_consumers(vhost, {})};
}

Json channel_detail_json(const Context& context, const std::string& vhost, const Clients& clients,
                         const broker::ChannelView& channel) {
  const broker::ConnectionView* connection =
      find_connection(clients.connections, channel.connection);
  Json item = channel_json(channel, connection, vhost, context.node);
  Json& consumers = item["consumer_details"] = Json::array();
  for (const broker::ConsumerView& consumer : clients.consumers)
    if (consumer.connection == channel.connection && consumer.channel == channel.number)
      consumers.push_back(consumer_json(consumer, connection, vhost, context.node));
  // What it published where, and took from where, one by one: nothing is counted so finely.
  item["publishes"] = item["deliveries"] = Json::array();
  return item;
}

asio::awaitable<Response> get_channel(ContextPtr context, Request request) {
  const std::string& name = request.path.at("name");
  const auto cores = context->cores->all();
  for (const auto& core : cores) {
    const Clients clients = co_await ask(context, core, look_at_all);
    for (const broker::ChannelView& channel : clients.channels)
      if (channel_name(channel.connection, channel.number) == name &&
          may_see(request.identity, channel.user))
        co_return json_response(keep_columns(
            channel_detail_json(*context, core->vhost_name(), clients, channel), request.query));
  }
  throw not_found("no channel '" + name + "'");
}

Clients look_at_consumers(const broker::Vhost& vhost) {
  return {view_connections(vhost), {}, view_consumers(vhost, {})};
}

asio::awaitable<Response> answer_consumers(ContextPtr context, Request request,
                                           std::vector<std::shared_ptr<broker::Core>> cores) {
  Json items = Json::array();
  for (const auto& core : cores) {
    const Clients clients = co_await ask(context, core, look_at_consumers);
    for (const broker::ConsumerView& consumer : clients.consumers)
      items.push_back(consumer_json(consumer,
                                    find_connection(clients.connections, consumer.connection),
                                    core->vhost_name(), context->node));
  }
  co_return co_await answer_items(std::move(request), std::move(items));
}

asio::awaitable<Response> list_consumers(ContextPtr context, Request request) {
  auto cores = visible_cores(*context, request.identity);
  co_return co_await answer_consumers(std::move(context), std::move(request), std::move(cores));
}

asio::awaitable<Response> list_vhost_consumers(ContextPtr context, Request request) {
  std::vector<std::shared_ptr<broker::Core>> cores;
  cores.push_back(find_core(*context, request.path.at("vhost")));
  co_return co_await answer_consumers(std::move(context), std::move(request), std::move(cores));
}

}  // namespace

std::vector<Route> connection_routes() {
  return {
      {"GET", "/api/connections", Rule::management, list_connections},
      {"GET", "/api/connections/{name}", Rule::management, get_connection},
      {"DELETE", "/api/connections/{name}", Rule::management, close_connection},
      {"GET", "/api/connections/{name}/channels", Rule::management, list_connection_channels},
      {"GET", "/api/vhosts/{vhost}/connections", Rule::vhost, list_vhost_connections},
      {"GET", "/api/connections/username/{user}", Rule::management, list_user_connections},
      {"DELETE", "/api/connections/username/{user}", Rule::management, close_user_connections},
      {"GET", "/api/channels", Rule::management, list_channels},
      {"GET", "/api/channels/{name}", Rule::management, get_channel},
      {"GET", "/api/vhosts/{vhost}/channels", Rule::vhost, list_vhost_channels},
      {"GET", "/api/consumers", Rule::management, list_consumers},
      {"GET", "/api/consumers/{vhost}", Rule::vhost, list_vhost_consumers},
  };
}

}  // namespace leveret::http
