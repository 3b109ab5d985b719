#include <algorithm>

#include "broker/vhost.h"
#include "http/ask.h"
#include "http/authenticator.h"
#include "http/context.h"
#include "http/controllers/limits.h"
#include "http/controllers/member.h"
#include "http/controllers/policy_record.h"
#include "http/controllers/routes.h"
#include "http/error.h"
#include "http/list.h"
#include "http/text.h"

namespace leveret::http {
namespace {

namespace asio = boost::asio;

using broker::PolicyKind;

// The components that the broker itself has; policies are hidden, as in RabbitMQ.
constexpr std::string_view limits_component = "vhost-limits";
constexpr std::string_view limits_name = "limits";
constexpr std::string_view operator_policy_component = "operator_policy";
constexpr std::string_view policy_component = "policy";
constexpr std::size_t name_bytes_max = 255;

Json item_json(std::string_view vhost, std::string_view component, std::string_view name,
               Json value) {
  return {{"vhost", vhost}, {"component", component}, {"name", name}, {"value", std::move(value)}};
}

Json value_of(const broker::Parameter& parameter) {
  return Json::parse(parameter.value, nullptr, false);
}

Json policy_value(const broker::PolicyRecord& record) {
  return {{"pattern", record.pattern},
          {"definition", to_json(record.definition)},
          {"priority", record.priority},
          {"apply-to", record.apply_to}};
}

/// What there is in one virtual host, of all components.
asio::awaitable<Json> items_of(ContextPtr context, std::shared_ptr<broker::Core> core) {
  Json items = Json::array();
  const std::string vhost = core->vhost_name();
  const auto info = context->cores->describe(vhost);
  if (info && !info->limits.empty())
    items.push_back(item_json(vhost, limits_component, limits_name, Json(info->limits)));
  auto look = [](const broker::Vhost& each) {
    return each.policies().records(PolicyKind::operator_policy);
  };
  const auto records = co_await ask(context, core, look);
  for (const broker::PolicyRecord& record : records)
    items.push_back(item_json(vhost, operator_policy_component, record.name, policy_value(record)));
  for (const broker::Parameter& each : context->parameters->all())
    if (each.vhost == vhost)
      items.push_back(item_json(vhost, each.component, each.name, value_of(each)));
  co_return items;
}

asio::awaitable<Response> answer_items(ContextPtr context, Request request,
                                       std::vector<std::shared_ptr<broker::Core>> cores) {
  const auto component = request.path.find("component");
  Json items = Json::array();
  for (const auto& core : cores) {
    const Json all = co_await items_of(context, core);
    for (const Json& item : all)
      if (!component || item.at("component") == *component) items.push_back(item);
  }
  co_return json_response(apply_list_options(std::move(items), read_list_options(request.query)));
}

asio::awaitable<Response> list_parameters(ContextPtr context, Request request) {
  auto cores = visible_cores(*context, request.identity);
  co_return co_await answer_items(std::move(context), std::move(request), std::move(cores));
}

asio::awaitable<Response> list_vhost_parameters(ContextPtr context, Request request) {
  std::vector<std::shared_ptr<broker::Core>> cores;
  cores.push_back(find_core(*context, request.path.at("vhost")));
  co_return co_await answer_items(std::move(context), std::move(request), std::move(cores));
}

HttpError no_parameter(const Request& request) {
  return not_found("no parameter '" + request.path.at("name") + "' of component '" +
                   request.path.at("component") + "' in vhost '" + request.path.at("vhost") + "'");
}

asio::awaitable<Response> get_parameter(ContextPtr context, Request request) {
  const auto core = find_core(*context, request.path.at("vhost"));
  const Json items = co_await items_of(context, core);
  for (const Json& item : items)
    if (item.at("component") == request.path.at("component") &&
        item.at("name") == request.path.at("name"))
      co_return json_response(item);
  throw no_parameter(request);
}

/// Limits and operator policies bind everybody in a virtual host. RabbitMQ lets policymakers in by
/// this way and by no other.
void require_administrator(const Request& request) {
  if (!is_administrator(request.identity))
    throw HttpError{403, "not_authorised", "User not authorised to access object"};
}

asio::awaitable<bool> put_limits(ContextPtr context, Request request, Json value) {
  require_administrator(request);
  if (request.path.at("name") != limits_name)
    throw bad_request("the parameter of component vhost-limits is called 'limits'");
  const auth::Limits limits = read_vhost_limits(value);
  auto put = [context, vhost = request.path.at("vhost"), limits] {
    return replace_vhost_limits(*context->cores, vhost, limits);
  };
  co_return co_await change(context, std::move(put));
}

asio::awaitable<bool> put_operator_policy(ContextPtr context, Request request, Json value) {
  require_administrator(request);
  if (!value.is_object()) throw bad_request("'value' must be an object, a policy");
  const auto core = find_core(*context, request.path.at("vhost"));
  auto put = [policy = read_policy(PolicyKind::operator_policy, request.path.at("name"), value)](
                 broker::Vhost& vhost) { return vhost.set_policy(policy); };
  co_return co_await ask_durably(context, core, std::move(put));
}

asio::awaitable<Response> put_parameter(ContextPtr context, Request request) {
  const auto core = find_core(*context, request.path.at("vhost"));
  const std::string component = request.path.at("component");
  Json value = require_value(parse_object(request.body));
  bool is_new = false;
  if (component == limits_component)
    is_new = co_await put_limits(context, std::move(request), std::move(value));
  else if (component == operator_policy_component)
    is_new = co_await put_operator_policy(context, std::move(request), std::move(value));
  else if (component == policy_component)
    throw bad_request("policies may not be set using this method");
  else
    throw bad_request("Validation failed\n\ncomponent " + component + " not found\n");
  co_return empty_response(is_new ? 201 : 204);
}

asio::awaitable<Response> delete_parameter(ContextPtr context, Request request) {
  const std::string vhost = request.path.at("vhost");
  const std::string component = request.path.at("component");
  const std::string name = request.path.at("name");
  const auto core = find_core(*context, vhost);
  bool was_there = false;
  if (component == operator_policy_component) {
    require_administrator(request);
    auto remove = [name](broker::Vhost& each) {
      return each.delete_policy(PolicyKind::operator_policy, name);
    };
    was_there = co_await ask_durably(context, core, std::move(remove));
  } else if (component == limits_component && name == limits_name) {
    require_administrator(request);
    auto remove = [context, vhost] {
      return !replace_vhost_limits(*context->cores, vhost, auth::Limits{});
    };
    was_there = co_await change(context, std::move(remove));
  } else {
    auto remove = [context, vhost, component, name] {
      return context->parameters->remove(vhost, component, name);
    };
    was_there = co_await change(context, std::move(remove));
  }
  if (!was_there) throw no_parameter(request);
  co_return empty_response(204);
}

// Global ones.

Json global_json(const broker::Parameter& each) {
  return {{"name", each.name}, {"value", value_of(each)}};
}

asio::awaitable<Response> list_globals(ContextPtr context, Request request) {
  Json items = Json::array();
  for (const broker::Parameter& each : context->parameters->all())
    if (each.vhost.empty()) items.push_back(global_json(each));
  co_return json_response(apply_list_options(std::move(items), read_list_options(request.query)));
}

HttpError no_global(const std::string& name) {
  return not_found("no global parameter '" + name + "'");
}

asio::awaitable<Response> get_global(ContextPtr context, Request request) {
  const std::string name = request.path.at("name");
  auto value = context->parameters->find("", "", name);
  if (!value) throw no_global(name);
  co_return json_response(global_json({"", "", name, std::move(*value)}));
}

asio::awaitable<bool> put_value(ContextPtr context, std::string name, Json value) {
  if (name.size() > name_bytes_max) throw bad_request("a parameter's name holds at most 255 bytes");
  if (!is_utf8(name)) throw bad_request("a parameter's name must be UTF-8");
  if (name == "cluster_name" && !value.is_string())
    throw bad_request("the cluster's name must be a text");
  auto put = [context, parameter = broker::Parameter{"", "", name, dump(value)}] {
    return context->parameters->put({parameter}) > 0;
  };
  co_return co_await change(context, std::move(put));
}

asio::awaitable<Response> put_global(ContextPtr context, Request request) {
  Json value = require_value(parse_object(request.body));
  const bool is_new = co_await put_value(context, request.path.at("name"), std::move(value));
  co_return empty_response(is_new ? 201 : 204);
}

asio::awaitable<Response> delete_global(ContextPtr context, Request request) {
  const std::string name = request.path.at("name");
  auto remove = [context, name] { return context->parameters->remove("", "", name); };
  const bool was_there = co_await change(context, std::move(remove));
  if (!was_there) throw no_global(name);
  co_return empty_response(204);
}

asio::awaitable<Response> get_cluster_name(ContextPtr context, Request) {
  co_return json_response({{"name", cluster_name(*context)}});
}

asio::awaitable<Response> put_cluster_name(ContextPtr context, Request request) {
  const std::string name = require_text(parse_object(request.body), "name");
  co_await put_value(context, "cluster_name", name);
  co_return empty_response(204);
}

}  // namespace

std::vector<Route> parameter_routes() {
  using enum Rule;
  constexpr std::string_view one = "/api/parameters/{component}/{vhost}/{name}";
  return {
      {"GET", "/api/parameters", policymaker, list_parameters},
      {"GET", "/api/parameters/{component}", policymaker, list_parameters},
      {"GET", "/api/parameters/{component}/{vhost}", policymaker, list_vhost_parameters},
      {"GET", one, policymaker, get_parameter},
      {"PUT", one, policymaker, put_parameter},
      {"DELETE", one, policymaker, delete_parameter},
      {"GET", "/api/global-parameters", policymaker, list_globals},
      {"GET", "/api/global-parameters/{name}", policymaker, get_global},
      {"PUT", "/api/global-parameters/{name}", policymaker, put_global},
      {"DELETE", "/api/global-parameters/{name}", policymaker, delete_global},
      {"GET", "/api/cluster-name", management, get_cluster_name},
      {"PUT", "/api/cluster-name", administrator, put_cluster_name},
  };
}

}  // namespace leveret::http
