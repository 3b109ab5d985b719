#include "broker/policy.h"

#include "broker/vhost.h"
#include "http/ask.h"
#include "http/context.h"
#include "http/controllers/policy_record.h"
#include "http/controllers/routes.h"
#include "http/error.h"
#include "http/list.h"
#include "http/text.h"
#include "http/views.h"

namespace leveret::http {
namespace {

namespace asio = boost::asio;

using broker::PolicyKind;

HttpError no_policy(const std::string& name, const std::string& vhost) {
  return not_found("no policy '" + name + "' in vhost '" + vhost + "'");
}

std::int64_t read_priority(const Json& body) {
  const auto it = body.find("priority");
  if (it == body.end() || it->is_null()) return 0;
  if (!it->is_number_integer())
    throw bad_request("Validation failed\n\npriority should be a whole number, actually was " +
                      dump(*it) + "\n");
  return it->get<std::int64_t>();
}

asio::awaitable<Response> answer_list(ContextPtr context, Request request, PolicyKind kind,
                                      std::vector<std::shared_ptr<broker::Core>> cores) {
  Json items = Json::array();
  for (const auto& core : cores) {
    auto look = [kind](const broker::Vhost& vhost) { return vhost.policies().records(kind); };
    const auto records = co_await ask(context, core, look);
    for (const broker::PolicyRecord& record : records)
      items.push_back(policy_json(record, core->vhost_name()));
  }
  co_return json_response(apply_list_options(std::move(items), read_list_options(request.query)));
}

template <PolicyKind kind>
asio::awaitable<Response> list_policies(ContextPtr context, Request request) {
  auto cores = visible_cores(*context, request.identity);
  co_return co_await answer_list(std::move(context), std::move(request), kind, std::move(cores));
}

template <PolicyKind kind>
asio::awaitable<Response> list_vhost_policies(ContextPtr context, Request request) {
  std::vector<std::shared_ptr<broker::Core>> cores;
  cores.push_back(find_core(*context, request.path.at("vhost")));
  co_return co_await answer_list(std::move(context), std::move(request), kind, std::move(cores));
}

template <PolicyKind kind>
asio::awaitable<Response> get_policy(ContextPtr context, Request request) {
  const auto core = find_core(*context, request.path.at("vhost"));
  auto look = [name = request.path.at("name")](const broker::Vhost& vhost) {
    for (broker::PolicyRecord& record : vhost.policies().records(kind))
      if (record.name == name) return std::move(record);
    throw no_policy(name, vhost.name());
  };
  const broker::PolicyRecord record = co_await ask(context, core, std::move(look));
  co_return json_response(policy_json(record, core->vhost_name()));
}

template <PolicyKind kind>
asio::awaitable<Response> put_policy(ContextPtr context, Request request) {
  const auto core = find_core(*context, request.path.at("vhost"));
  auto put = [policy = read_policy(kind, request.path.at("name"), parse_object(request.body))](
                 broker::Vhost& vhost) { return vhost.set_policy(policy); };
  const bool is_new = co_await ask_durably(context, core, std::move(put));
  co_return empty_response(is_new ? 201 : 204);
}

template <PolicyKind kind>
asio::awaitable<Response> delete_policy(ContextPtr context, Request request) {
  const auto core = find_core(*context, request.path.at("vhost"));
  auto remove = [name = request.path.at("name")](broker::Vhost& vhost) {
    if (!vhost.delete_policy(kind, name)) throw no_policy(name, vhost.name());
    return true;
  };
  co_await ask_durably(context, core, std::move(remove));
  co_return empty_response(204);
}

}  // namespace

broker::Policy read_policy(PolicyKind kind, const std::string& name, const Json& body) {
  broker::PolicyRecord record;
  record.kind = kind;
  record.name = name;
  record.pattern = require_text(body, "pattern");
  record.apply_to = find_text(body, "apply-to").value_or("all");
  record.priority = read_priority(body);
  if (!body.contains("definition")) throw bad_request("'definition' is missing");
  record.definition = find_table(body, "definition");
  if (!is_utf8(record.name)) throw bad_request("a policy's name must be UTF-8");
  try {
    return broker::Policy{std::move(record)};
  } catch (const amqp::Error& error) {
    throw bad_request("Validation failed\n\n" + std::string{error.what()} + "\n");
  }
}

std::vector<Route> policy_routes() {
  using enum PolicyKind;
  return {
      {"GET", "/api/policies", Rule::management, list_policies<policy>},
      {"GET", "/api/policies/{vhost}", Rule::vhost, list_vhost_policies<policy>},
      {"GET", "/api/policies/{vhost}/{name}", Rule::policymaker, get_policy<policy>},
      {"PUT", "/api/policies/{vhost}/{name}", Rule::policymaker, put_policy<policy>},
      {"DELETE", "/api/policies/{vhost}/{name}", Rule::policymaker, delete_policy<policy>},
      {"GET", "/api/operator-policies", Rule::management, list_policies<operator_policy>},
      {"GET", "/api/operator-policies/{vhost}", Rule::vhost, list_vhost_policies<operator_policy>},
      {"GET", "/api/operator-policies/{vhost}/{name}", Rule::administrator,
       get_policy<operator_policy>},
      {"PUT", "/api/operator-policies/{vhost}/{name}", Rule::administrator,
       put_policy<operator_policy>},
      {"DELETE", "/api/operator-policies/{vhost}/{name}", Rule::administrator,
       delete_policy<operator_policy>},
  };
}

}  // namespace leveret::http
