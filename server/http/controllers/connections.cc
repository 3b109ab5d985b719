#include <functional>
#include <string>
#include <string_view>

#include "broker/client_survey.h"
#include "broker/vhost.h"
#include "http/ask.h"
#include "http/context.h"
#include "http/controllers/routes.h"
#include "http/error.h"
#include "http/in_turn.h"
#include "http/list.h"
#include "http/survey_list.h"
#include "http/views.h"

namespace leveret::http {
namespace {

namespace asio = boost::asio;

/// Users without the tag `monitoring` see only themselves, as in RabbitMQ.
bool may_see(const auth::Identity& identity, const std::string& user) {
  return may_monitor(identity) || identity.user == user;
}

/// Whose objects are listed: what the user may see and, when `of_user` is not empty, is that
/// user's.
std::function<bool(std::string_view)> visible_users(const auth::Identity& identity,
                                                    std::string of_user = {}) {
  return [identity, of_user = std::move(of_user)](std::string_view user) {
    return may_see(identity, std::string{user}) && (of_user.empty() || of_user == user);
  };
}

Json item_json(const Context& context, const std::string& vhost,
               const broker::ConnectionView& connection, const SampleRanges& ranges) {
  const PairTrack* track = context.rates.find_connection(vhost, connection.serial);
  return connection_json(connection, vhost, context.node,
                         past_of(track, ranges, context.clock.now()));
}

Json item_json(const Context& context, const std::string& vhost, const broker::ChannelView& channel,
               const SampleRanges& ranges) {
  const MessageTrack* track = context.rates.find_channel(vhost, channel.serial);
  return channel_json(channel, vhost, context.node, past_of(track, ranges, context.clock.now()));
}

asio::awaitable<Response> answer_connections(ContextPtr context, Request request, Cores cores,
                                             std::string of_user = {}) {
  SurveyList<broker::ConnectionSurvey> list;
  list.begin = [](const broker::Vhost& vhost, broker::SurveySearch search) {
    return broker::ConnectionSurvey{vhost, std::move(search)};
  };
  list.render = [context](const broker::ConnectionView& connection, const std::string& vhost,
                          const Shown& shown) {
    return item_json(*context, vhost, connection, shown.ranges);
  };
  list.name_of = [](const broker::ConnectionView& connection) { return connection.name; };
  list.is_visible = visible_users(request.identity, std::move(of_user));
  co_return co_await answer_survey(context, std::move(request), std::move(list), std::move(cores));
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
    auto begin = [name](const broker::Vhost& vhost) {
      const auto matches = [name](std::string_view each) { return each == name; };
      return broker::ConnectionSurvey{vhost, {.matches = matches}};
    };
    auto found = co_await survey_all<broker::ConnectionSurvey>(context, core, std::move(begin));
    if (!found.empty() && may_see(identity, found.front().user))
      co_return FoundConnection{core, std::move(found.front())};
  }
  throw not_found("no connection '" + name + "'");
}

asio::awaitable<Response> get_connection(ContextPtr context, Request request) {
  const SampleRanges ranges = read_sample_ranges(request.query);
  const FoundConnection found =
      co_await require_connection(context, request.path.at("name"), request.identity);
  co_return json_response(keep_columns(
      item_json(*context, found.core->vhost_name(), found.connection, ranges), request.query));
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

/// Of one connection when `connection` is not empty.
asio::awaitable<Response> answer_channels(ContextPtr context, Request request, Cores cores,
                                          std::string connection = {}) {
  SurveyList<broker::ChannelSurvey> list;
  list.begin = [connection = std::move(connection)](const broker::Vhost& vhost,
                                                    broker::SurveySearch search) {
    return broker::ChannelSurvey{vhost, std::move(search), connection};
  };
  list.render = [context](const broker::ChannelView& channel, const std::string& vhost,
                          const Shown& shown) {
    return item_json(*context, vhost, channel, shown.ranges);
  };
  // Not with the number: of one connection they are in the order of numbers.
  list.name_of = [](const broker::ChannelView& channel) { return channel.connection; };
  list.is_visible = visible_users(request.identity);
  co_return co_await answer_survey(context, std::move(request), std::move(list), std::move(cores));
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
  FoundConnection found =
      co_await require_connection(context, request.path.at("name"), request.identity);
  Cores cores;
  cores.push_back(found.core);
  co_return co_await answer_channels(std::move(context), std::move(request), std::move(cores),
                                     std::move(found.connection.name));
}

/// One channel with its consumers.
struct ChannelDetail {
  broker::ChannelView channel;
  std::vector<broker::ConsumerView> consumers;
};

Json channel_detail_json(const Context& context, const std::string& vhost,
                         const ChannelDetail& detail, const SampleRanges& ranges) {
  Json item = item_json(context, vhost, detail.channel, ranges);
  Json& consumers = item["consumer_details"] = Json::array();
  for (const broker::ConsumerView& consumer : detail.consumers)
    consumers.push_back(consumer_json(consumer, vhost, context.node));
  // What it published where, and took from where, one by one: nothing is counted so finely.
  item["publishes"] = item["deliveries"] = Json::array();
  return item;
}

asio::awaitable<Response> get_channel(ContextPtr context, Request request) {
  const SampleRanges ranges = read_sample_ranges(request.query);
  const std::string name = request.path.at("name");
  const auto cores = context->cores->all();
  for (const auto& core : cores) {
    auto begin = [name, identity = request.identity](const broker::Vhost& vhost) {
      const auto matches = [name](std::string_view each) { return each == name; };
      return broker::ChannelSurvey{vhost,
                                   {.is_visible = visible_users(identity), .matches = matches}};
    };
    auto found = co_await survey_all<broker::ChannelSurvey>(context, core, std::move(begin));
    if (found.empty()) continue;
    auto look = [channel = found.front()](const broker::Vhost& vhost) {
      return ChannelDetail{channel, view_consumers(vhost, channel)};
    };
    const ChannelDetail detail = co_await ask(context, core, std::move(look));
    co_return json_response(keep_columns(
        channel_detail_json(*context, core->vhost_name(), detail, ranges), request.query));
  }
  throw not_found("no channel '" + name + "'");
}

asio::awaitable<Response> answer_consumers(ContextPtr context, Request request, Cores cores) {
  SurveyList<broker::ConsumerSurvey> list;
  list.begin = [](const broker::Vhost& vhost, broker::SurveySearch search) {
    return broker::ConsumerSurvey{vhost, std::move(search)};
  };
  list.render = [context](const broker::ConsumerView& consumer, const std::string& vhost,
                          const Shown&) { return consumer_json(consumer, vhost, context->node); };
  list.name_of = [](const broker::ConsumerView&) { return std::string{}; };
  co_return co_await answer_survey(context, std::move(request), std::move(list), std::move(cores));
}

asio::awaitable<Response> list_consumers(ContextPtr context, Request request) {
  auto cores = visible_cores(*context, request.identity);
  co_return co_await answer_consumers(std::move(context), std::move(request), std::move(cores));
}

asio::awaitable<Response> list_vhost_consumers(ContextPtr context, Request request) {
  Cores cores;
  cores.push_back(find_core(*context, request.path.at("vhost")));
  co_return co_await answer_consumers(std::move(context), std::move(request), std::move(cores));
}

}  // namespace

std::vector<Route> connection_routes() {
  return {
      {"GET", "/api/connections", Rule::management, in_turn<list_connections>},
      {"GET", "/api/connections/{name}", Rule::management, get_connection},
      {"DELETE", "/api/connections/{name}", Rule::management, close_connection},
      {"GET", "/api/connections/{name}/channels", Rule::management, list_connection_channels},
      {"GET", "/api/vhosts/{vhost}/connections", Rule::vhost, in_turn<list_vhost_connections>},
      {"GET", "/api/connections/username/{user}", Rule::management, in_turn<list_user_connections>},
      {"DELETE", "/api/connections/username/{user}", Rule::management, close_user_connections},
      {"GET", "/api/channels", Rule::management, in_turn<list_channels>},
      {"GET", "/api/channels/{name}", Rule::management, get_channel},
      {"GET", "/api/vhosts/{vhost}/channels", Rule::vhost, in_turn<list_vhost_channels>},
      {"GET", "/api/consumers", Rule::management, in_turn<list_consumers>},
      {"GET", "/api/consumers/{vhost}", Rule::vhost, in_turn<list_vhost_consumers>},
  };
}

}  // namespace leveret::http
