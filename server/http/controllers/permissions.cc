#include "broker/pattern.h"
#include "http/ask.h"
#include "http/context.h"
#include "http/controllers/routes.h"
#include "http/error.h"
#include "http/list.h"

namespace leveret::http {
namespace {

namespace asio = boost::asio;

Json item_json(const auth::Permission& each) {
  return {{"user", each.user},
          {"vhost", each.vhost},
          {"configure", each.configure},
          {"write", each.write},
          {"read", each.read}};
}

Json item_json(const auth::TopicPermission& each) {
  return {{"user", each.user},
          {"vhost", each.vhost},
          {"exchange", each.exchange},
          {"write", each.write},
          {"read", each.read}};
}

/// Those that belong to the user and the virtual host of the path, when it names them.
template <class T>
Json select(const std::vector<T>& all, const Request& request) {
  const auto user = request.path.find("user");
  const auto vhost = request.path.find("vhost");
  Json items = Json::array();
  for (const T& each : all)
    if ((!user || each.user == *user) && (!vhost || each.vhost == *vhost))
      items.push_back(item_json(each));
  return items;
}

void require_owners(const Context& context, const Request& request) {
  const auto user = request.path.find("user");
  if (user && !context.users->find(*user)) throw not_found("no user '" + *user + "'");
  const auto vhost = request.path.find("vhost");
  if (vhost) find_core(context, *vhost);
}

HttpError none_of(const Request& request, const std::string& what) {
  return not_found("user '" + request.path.at("user") + "' has no " + what + " in vhost '" +
                   request.path.at("vhost") + "'");
}

/// RabbitMQ's word, and which of the two it is.
void check_owners(const Context& context, const std::string& user, const std::string& vhost) {
  if (!context.users->find(user))
    throw bad_request("vhost_or_user_not_found: there is no user '" + user + "'");
  if (!context.cores->find(vhost))
    throw bad_request("vhost_or_user_not_found: there is no virtual host '" + vhost + "'");
}

std::string read_pattern(const Json& body, const char* name) {
  std::string pattern = require_text(body, name);
  try {
    broker::Pattern{pattern};
  } catch (const broker::PatternError& error) {
    throw bad_request("invalid_regexp: '" + std::string{name} + "' is '" + pattern +
                      "': " + error.what() + " at byte " + std::to_string(error.position));
  }
  return pattern;
}

asio::awaitable<Response> list_permissions(ContextPtr context, Request request) {
  require_owners(*context, request);
  Json items = select(context->users->permissions(), request);
  co_return json_response(apply_list_options(std::move(items), read_list_options(request.query)));
}

asio::awaitable<Response> list_topic_permissions(ContextPtr context, Request request) {
  require_owners(*context, request);
  Json items = select(context->users->topic_permissions(), request);
  co_return json_response(apply_list_options(std::move(items), read_list_options(request.query)));
}

asio::awaitable<Response> get_permission(ContextPtr context, Request request) {
  const auto permission =
      context->users->permission(request.path.at("user"), request.path.at("vhost"));
  if (!permission) throw none_of(request, "permissions");
  co_return json_response(item_json(*permission));
}

asio::awaitable<Response> put_permission(ContextPtr context, Request request) {
  const Json body = parse_object(request.body);
  const auth::Permission permission{request.path.at("user"), request.path.at("vhost"),
                                    read_pattern(body, "configure"), read_pattern(body, "write"),
                                    read_pattern(body, "read")};
  check_owners(*context, permission.user, permission.vhost);
  auto put = [context, permission] { return context->users->set_permission(permission); };
  const bool is_new = co_await change(context, std::move(put));
  co_return empty_response(is_new ? 201 : 204);
}

asio::awaitable<Response> delete_permission(ContextPtr context, Request request) {
  auto remove = [context, user = request.path.at("user"), vhost = request.path.at("vhost")] {
    return context->users->clear_permission(user, vhost);
  };
  const bool was_there = co_await change(context, std::move(remove));
  if (!was_there) throw none_of(request, "permissions");
  co_return empty_response(204);
}

asio::awaitable<Response> get_topic_permissions(ContextPtr context, Request request) {
  const Json items = select(context->users->topic_permissions(), request);
  if (items.empty()) throw none_of(request, "topic permissions");
  co_return json_response(items);
}

asio::awaitable<Response> put_topic_permission(ContextPtr context, Request request) {
  const Json body = parse_object(request.body);
  const auth::TopicPermission permission{request.path.at("user"), request.path.at("vhost"),
                                         require_text(body, "exchange"),
                                         read_pattern(body, "write"), read_pattern(body, "read")};
  check_owners(*context, permission.user, permission.vhost);
  auto put = [context, permission] { return context->users->set_topic_permission(permission); };
  const bool is_new = co_await change(context, std::move(put));
  co_return empty_response(is_new ? 201 : 204);
}

asio::awaitable<Response> delete_topic_permissions(ContextPtr context, Request request) {
  auto remove = [context, user = request.path.at("user"), vhost = request.path.at("vhost"),
                 exchange = request.path.find("exchange")] {
    return context->users->clear_topic_permissions(user, vhost, exchange);
  };
  const bool was_there = co_await change(context, std::move(remove));
  if (!was_there) throw none_of(request, "topic permissions");
  co_return empty_response(204);
}

}  // namespace

std::vector<Route> permission_routes() {
  using enum Rule;
  return {
      {"GET", "/api/permissions", administrator, list_permissions},
      {"GET", "/api/users/{user}/permissions", administrator, list_permissions},
      {"GET", "/api/vhosts/{vhost}/permissions", administrator, list_permissions},
      {"GET", "/api/permissions/{vhost}/{user}", administrator, get_permission},
      {"PUT", "/api/permissions/{vhost}/{user}", administrator, put_permission},
      {"DELETE", "/api/permissions/{vhost}/{user}", administrator, delete_permission},
      {"GET", "/api/topic-permissions", administrator, list_topic_permissions},
      {"GET", "/api/users/{user}/topic-permissions", administrator, list_topic_permissions},
      {"GET", "/api/vhosts/{vhost}/topic-permissions", administrator, list_topic_permissions},
      {"GET", "/api/topic-permissions/{vhost}/{user}", administrator, get_topic_permissions},
      {"PUT", "/api/topic-permissions/{vhost}/{user}", administrator, put_topic_permission},
      {"DELETE", "/api/topic-permissions/{vhost}/{user}", administrator, delete_topic_permissions},
      {"DELETE", "/api/topic-permissions/{vhost}/{user}/{exchange}", administrator,
       delete_topic_permissions},
  };
}

}  // namespace leveret::http
