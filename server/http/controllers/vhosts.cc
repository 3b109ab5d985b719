#include "broker/inspect.h"
#include "broker/vhost.h"
#include "http/ask.h"
#include "http/context.h"
#include "http/controllers/limits.h"
#include "http/controllers/member.h"
#include "http/controllers/routes.h"
#include "http/error.h"
#include "http/list.h"
#include "http/overview.h"
#include "http/text.h"
#include "http/views.h"

namespace leveret::http {
namespace {

namespace asio = boost::asio;

/// A short string in connection.open.
constexpr std::size_t name_bytes_max = 255;

Json vhost_json(const Context& context, const broker::VhostInfo& info,
                const broker::OverviewView& view) {
  const std::string type = info.default_queue_type.empty() ? "undefined" : info.default_queue_type;
  Json item{
      {"name", info.name},
      {"description", info.description},
      {"tags", info.tags},
      {"default_queue_type", type},
      {"metadata",
       {{"description", info.description}, {"tags", info.tags}, {"default_queue_type", type}}},
      {"tracing", false},
      {"cluster_state", {{context.node, "running"}}},
      {"message_stats", stats_json(view.stats, {}, StatsDetail::brief)},
      {"x",
       {{"connections", view.connections},
        {"exchanges", view.exchanges},
        {"queues", view.queues},
        {"consumers", view.consumers}}},
  };
  put_lengths(item, {view.ready, view.unacked}, {});
  return item;
}

asio::awaitable<Response> list_vhosts(ContextPtr context, Request request) {
  Json items = Json::array();
  const auto cores = context->cores->all();
  for (const auto& core : cores) {
    if (!may_see_vhost(*context->users, request.identity, core->vhost_name())) continue;
    const auto info = context->cores->describe(core->vhost_name());
    if (!info) continue;
    const broker::OverviewView view = co_await view_overview(context, core);
    items.push_back(vhost_json(*context, *info, view));
  }
  co_return json_response(apply_list_options(std::move(items), read_list_options(request.query)));
}

asio::awaitable<Response> get_vhost(ContextPtr context, Request request) {
  const auto core = find_core(*context, request.path.at("vhost"));
  const auto info = context->cores->describe(core->vhost_name());
  if (!info) throw not_found("no virtual host '" + core->vhost_name() + "'");
  const broker::OverviewView view = co_await view_overview(context, core);
  co_return json_response(vhost_json(*context, *info, view));
}

/// Empty for what RabbitMQ calls "undefined". Throws HttpError 400.
std::string read_queue_type(const std::string& type) {
  if (type == "undefined" || type == "classic") return {};
  if (type == "quorum") return type;
  throw bad_request("'default_queue_type' is '" + type +
                    "': classic, quorum or undefined is expected");
}

/// What the body says over what is there already. Throws HttpError 400.
broker::VhostInfo read_vhost(broker::VhostInfo info, const Json& body) {
  if (info.name.size() > name_bytes_max)
    throw bad_request("a virtual host's name holds at most 255 bytes");
  if (!is_utf8(info.name)) throw bad_request("a virtual host's name must be UTF-8");
  if (const auto description = find_text(body, "description")) info.description = *description;
  if (const auto tags = find_tags(body)) info.tags = *tags;
  const auto type = find_text(body, "default_queue_type");
  if (type) info.default_queue_type = read_queue_type(*type);
  if (find_bool(body, "tracing").value_or(false))
    throw bad_request("'tracing' is not supported: no virtual host has a tracing exchange");
  return info;
}

/// Who makes a virtual host may do everything in it, as in RabbitMQ (rabbit_vhost.erl, put_vhost).
bool put_as(const Context& context, const broker::VhostInfo& info, const std::string& user) {
  const bool is_new = context.cores->put(info);
  if (is_new) context.users->set_permission({user, info.name, ".*", ".*", ".*"});
  return is_new;
}

broker::VhostInfo wanted_vhost(const Context& context, const Request& request) {
  broker::VhostInfo info;
  info.name = request.path.at("vhost");
  return read_vhost(context.cores->describe(info.name).value_or(info), parse_object(request.body));
}

asio::awaitable<Response> put_vhost(ContextPtr context, Request request) {
  auto put = [context, info = wanted_vhost(*context, request), user = request.identity.user] {
    return put_as(*context, info, user);
  };
  const bool is_new = co_await change(context, std::move(put));
  co_return empty_response(is_new ? 201 : 204);
}

asio::awaitable<Response> delete_vhost(ContextPtr context, Request request) {
  const std::string name = request.path.at("vhost");
  auto remove = [context, name] { return context->cores->remove(name); };
  const bool was_there = co_await change(context, std::move(remove));
  if (!was_there) throw not_found("no virtual host '" + name + "'");
  co_return empty_response(204);
}

/// As RabbitMQ starts one that has failed: ours run, or the broker has stopped.
asio::awaitable<Response> start_vhost(ContextPtr context, Request request) {
  const std::string& node = request.path.at("node");
  const std::string& vhost = request.path.at("vhost");
  if (node != context->node) throw bad_request("Request to node " + node + " failed with nodedown");
  if (!context->cores->find(vhost))
    throw bad_request("Request to node " + node + " failed with {no_such_vhost,<<\"" + vhost +
                      "\">>}");
  co_return empty_response(204);
}

// Limits.

Json limits_item(const broker::VhostInfo& info) {
  return {{"vhost", info.name}, {"value", Json(info.limits)}};
}

asio::awaitable<Response> list_limits(ContextPtr context, Request request) {
  Json items = Json::array();
  for (const auto& core : context->cores->all()) {
    const auto info = context->cores->describe(core->vhost_name());
    if (info && !info->limits.empty() &&
        may_see_vhost(*context->users, request.identity, info->name))
      items.push_back(limits_item(*info));
  }
  co_return json_response(apply_list_options(std::move(items), read_list_options(request.query)));
}

broker::VhostInfo require_vhost(const Context& context, const std::string& name) {
  auto info = context.cores->describe(name);
  if (!info) throw not_found("no virtual host '" + name + "'");
  return std::move(*info);
}

asio::awaitable<Response> get_limits(ContextPtr context, Request request) {
  const broker::VhostInfo info = require_vhost(*context, request.path.at("vhost"));
  Json items = Json::array();
  if (!info.limits.empty()) items.push_back(limits_item(info));
  co_return json_response(items);
}

asio::awaitable<Response> put_limit(ContextPtr context, Request request) {
  const std::string vhost = require_vhost(*context, request.path.at("vhost")).name;
  const std::string name = request.path.at("name");
  const std::int64_t limit = read_vhost_limit(name, require_value(parse_object(request.body)));
  auto put = [context, vhost, name, limit] {
    context->cores->set_limit(vhost, name, limit);
    return true;
  };
  co_await change(context, std::move(put));
  co_return empty_response(204);
}

asio::awaitable<Response> delete_limit(ContextPtr context, Request request) {
  const std::string vhost = require_vhost(*context, request.path.at("vhost")).name;
  auto remove = [context, vhost, name = request.path.at("name")] {
    context->cores->clear_limit(vhost, name);
    return true;
  };
  co_await change(context, std::move(remove));
  co_return empty_response(204);
}

}  // namespace

std::vector<Route> vhost_routes() {
  using enum Rule;
  return {
      {"GET", "/api/vhosts", management, list_vhosts},
      {"GET", "/api/vhosts/{vhost}", administrator, get_vhost},
      {"PUT", "/api/vhosts/{vhost}", administrator, put_vhost},
      {"DELETE", "/api/vhosts/{vhost}", administrator, delete_vhost},
      {"POST", "/api/vhosts/{vhost}/start/{node}", administrator, start_vhost},
      {"GET", "/api/vhost-limits", management, list_limits},
      {"GET", "/api/vhost-limits/{vhost}", vhost_visible, get_limits},
      {"PUT", "/api/vhost-limits/{vhost}/{name}", administrator, put_limit},
      {"DELETE", "/api/vhost-limits/{vhost}/{name}", administrator, delete_limit},
  };
}

}  // namespace leveret::http
