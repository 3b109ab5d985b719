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

/// Some tenth of a millisecond of a core's time.
constexpr std::size_t connections_per_turn = 20;

asio::awaitable<broker::ClientViews> look_at(ContextPtr context,
                                             std::shared_ptr<broker::Core> core) {
  auto begin = [](const broker::Vhost& vhost) {
    return std::make_shared<broker::ClientSurvey>(vhost);
  };
  const auto survey = co_await ask(context, core, begin);
  auto look = [survey](const broker::Vhost& vhost) {
    return survey->look(vhost, connections_per_turn);
  };
  while (co_await ask(context, core, look)) {
  }
  co_return survey->take();
}

/// One of a list, and the virtual host that it is in.
template <class View>
struct Row {
  std::string vhost;
  View view;
  /// Of a channel or consumer; nothing when it has gone meanwhile.
  std::optional<broker::ConnectionView> connection = {};
};

template <class View>
void add_rows(std::vector<Row<View>>& rows, const std::string& vhost,
              const broker::ClientViews& clients, const std::vector<View>& views) {
  for (const View& view : views) {
    const broker::ConnectionView* connection =
        find_connection(clients.connections, view.connection);
    rows.push_back(
        {vhost, view,
         connection ? std::optional{*connection} : std::optional<broker::ConnectionView>{}});
  }
}

template <class View>
const broker::ConnectionView* connection_of(const Row<View>& row) {
  return row.connection ? &*row.connection : nullptr;
}

/// Users without the tag `monitoring` see only themselves, as in RabbitMQ.
bool may_see(const auth::Identity& identity, const std::string& user) {
  return may_monitor(identity) || identity.user == user;
}

using Cores = std::vector<std::shared_ptr<broker::Core>>;

/// Connections that the user may see and, when `of_user` is not empty, are that user's.
asio::awaitable<Response> answer_connections(ContextPtr context, Request request, Cores cores,
                                             std::string of_user = {}) {
  const ListOptions options = read_list_options(request.query);
  std::vector<Row<broker::ConnectionView>> rows;
  for (const auto& core : cores) {
    broker::ClientViews clients = co_await look_at(context, core);
    for (broker::ConnectionView& connection : clients.connections)
      if (may_see(request.identity, connection.user) &&
          (of_user.empty() || of_user == connection.user))
        rows.push_back({core->vhost_name(), std::move(connection)});
  }
  const auto name_of = [](const auto& row) -> const std::string& { return row.view.name; };
  const auto render = [&](const auto& row) {
    return connection_json(row.view, row.vhost, context->node);
  };
  co_return json_response(apply_list_options(std::move(rows), options, name_of, render));
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
  std::string user = request.path.at("user");
  Cores cores = context->cores->all();
  co_return co_await answer_connections(std::move(context), std::move(request), std::move(cores),
                                        std::move(user));
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

using ChannelRows = std::vector<Row<broker::ChannelView>>;

Response channel_list(const Context& context, const Request& request, ChannelRows rows) {
  const auto name_of = [](const auto& row) {
    return channel_name(row.view.connection, row.view.number);
  };
  const auto render = [&](const auto& row) {
    return channel_json(row.view, connection_of(row), row.vhost, context.node);
  };
  return json_response(
      apply_list_options(std::move(rows), read_list_options(request.query), name_of, render));
}

asio::awaitable<Response> answer_channels(ContextPtr context, Request request, Cores cores) {
  ChannelRows rows;
  for (const auto& core : cores) {
    broker::ClientViews clients = co_await look_at(context, core);
    std::erase_if(clients.channels, [&](const broker::ChannelView& channel) {
      return !may_see(request.identity, channel.user);
    });
    add_rows(rows, core->vhost_name(), clients, clients.channels);
  }
  co_return channel_list(*context, request, std::move(rows));
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
  broker::ClientViews clients = co_await look_at(context, found.core);
  std::erase_if(clients.channels, [&](const broker::ChannelView& channel) {
    return channel.connection != found.connection.name;
  });
  ChannelRows rows;
  add_rows(rows, found.core->vhost_name(), clients, clients.channels);
  co_return channel_list(*context, request, std::move(rows));
}

Json channel_detail_json(const Context& context, const std::string& vhost,
                         const broker::ClientViews& clients, const broker::ChannelView& channel) {
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
    const broker::ClientViews clients = co_await look_at(context, core);
    for (const broker::ChannelView& channel : clients.channels)
      if (channel_name(channel.connection, channel.number) == name &&
          may_see(request.identity, channel.user))
        co_return json_response(keep_columns(
            channel_detail_json(*context, core->vhost_name(), clients, channel), request.query));
  }
  throw not_found("no channel '" + name + "'");
}

asio::awaitable<Response> answer_consumers(ContextPtr context, Request request, Cores cores) {
  const ListOptions options = read_list_options(request.query);
  std::vector<Row<broker::ConsumerView>> rows;
  for (const auto& core : cores) {
    const broker::ClientViews clients = co_await look_at(context, core);
    add_rows(rows, core->vhost_name(), clients, clients.consumers);
  }
  const auto name_of = [](const auto&) { return std::string{}; };
  const auto render = [&](const auto& row) {
    return consumer_json(row.view, connection_of(row), row.vhost, context->node);
  };
  co_return json_response(apply_list_options(std::move(rows), options, name_of, render));
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
