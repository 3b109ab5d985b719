#include "http/definitions/objects.h"

#include <algorithm>
#include <array>

#include "auth/password.h"
#include "broker/arguments.h"
#include "broker/exchange.h"
#include "broker/headers_match.h"
#include "broker/routing.h"
#include "http/controllers/limits.h"
#include "http/controllers/member.h"
#include "http/controllers/policy_record.h"
#include "http/definitions/item.h"
#include "http/error.h"

namespace leveret::http {
namespace {

using broker::PolicyKind;

constexpr std::string_view rabbit_algorithm = "rabbit_password_hashing_sha256";
constexpr std::string_view own_algorithm = "leveret_password_hashing_pbkdf2_sha256";
constexpr std::string_view reserved_prefix = "amq.";

template <class T>
void keep(PlacedList<T>& list, const Item& item, T value) {
  list.push_back({item.place(), std::move(value)});
}

void leave_out(Definitions& definitions, const std::string& place, const std::string& reason) {
  constexpr std::size_t notes_max = 1000;
  if (definitions.notes.size() < notes_max) definitions.notes.push_back(place + ": " + reason);
}

/// The virtual host that the object belongs to: `scope`, or the one it names.
std::string vhost_of(const Item& item, const std::string& scope) {
  if (!scope.empty()) return scope;
  std::string vhost = item.name("vhost");
  if (item.has("vhost") && vhost.empty()) item.refuse("vhost", "is empty");
  return vhost;
}

std::vector<std::string> tags_of(const Json& object) {
  return find_tags(object).value_or(std::vector<std::string>{});
}

// Users and what they may do.

auth::Limits read_user_limits(const Json& value) {
  auth::Limits limits;
  if (value.is_array() && value.empty()) return limits;
  if (!value.is_object()) throw bad_request("must be an object of numbers");
  for (const auto& [name, limit] : value.items()) {
    if (name != "max-connections" && name != "max-channels")
      throw bad_request("'" + name +
                        "' is no limit of users: max-connections and max-channels are");
    if (!limit.is_number_integer()) throw bad_request("'" + name + "' must be a whole number");
    limits.emplace(name, limit.get<std::int64_t>());
  }
  return limits;
}

/// A hash of RabbitMQ's counts before our own, which an export has beside an empty one.
std::optional<std::string> read_hash(const Item& item) {
  const auto base64 = item.find_text("password_hash");
  const auto own = item.find_text("leveret_password_hash");
  const bool is_own = own && !own->empty() && (!base64 || base64->empty());
  if (!is_own && !base64) return std::nullopt;
  const std::string& text = is_own ? *own : *base64;
  if (text.empty()) return std::string{};
  const std::string algorithm =
      is_own ? std::string{own_algorithm}
             : item.find_text("hashing_algorithm").value_or(std::string{rabbit_algorithm});
  auto hash = auth::import_hash({algorithm, text});
  if (!hash)
    item.refuse(
        is_own ? "leveret_password_hash" : "password_hash",
        "is not what '" + algorithm + "' makes, in base64; known are " + auth::known_algorithms());
  return hash;
}

void take_user(const Item& item, const std::string&, Definitions& definitions) {
  UserDefinition user;
  user.name = item.name("name");
  if (user.name.empty() && item.has("name")) item.refuse("name", "is empty");
  if (const Json* tags = item.find("tags"))
    user.tags = item.member("tags", [&] { return tags_of({{"tags", *tags}}); });
  if (const Json* limits = item.find("limits"))
    user.limits = item.member("limits", [&] { return read_user_limits(*limits); });
  user.password_hash = read_hash(item);
  user.password = item.find_text("password");
  if (user.password && user.password_hash)
    item.refuse("password", "stands beside a hash: give one of them");
  keep(definitions.users, item, std::move(user));
}

std::string read_queue_type(const std::string& type) {
  if (type == "undefined" || type == "classic") return {};
  if (type != "quorum")
    throw bad_request("is '" + type + "': classic, quorum or undefined is expected");
  return type;
}

void take_vhost(const Item& item, const std::string&, Definitions& definitions) {
  VhostDefinition vhost;
  vhost.name = item.name("name");
  if (vhost.name.empty() && item.has("name")) item.refuse("name", "is empty");
  // What stands outside of the metadata counts more, as in RabbitMQ.
  for (const char* where : {"metadata", ""}) {
    const Json* metadata = item.find("metadata");
    const bool is_inside = *where != '\0';
    if (is_inside && !metadata) continue;
    if (is_inside && !metadata->is_object()) {
      item.refuse("metadata", "must be an object");
      continue;
    }
    const auto find = [&](const char* name) -> const Json* {
      if (!is_inside) return item.find(name);
      const auto found = metadata->find(name);
      return found == metadata->end() || found->is_null() ? nullptr : &*found;
    };
    if (const Json* value = find("description"))
      vhost.description = item.member("description", [&] {
        return require_text({{"d", *value}}, "d");
      });
    if (const Json* value = find("tags"))
      vhost.tags = item.member("tags", [&] { return tags_of({{"tags", *value}}); });
    if (const Json* value = find("default_queue_type"))
      vhost.default_queue_type = item.member("default_queue_type", [&] {
        return read_queue_type(require_text({{"d", *value}}, "d"));
      });
  }
  if (const Json* limits = item.find("limits"); limits && !limits->empty())
    vhost.limits = item.member("limits", [&] { return read_vhost_limits(*limits); });
  keep(definitions.vhosts, item, std::move(vhost));
}

void take_permission(const Item& item, const std::string&, Definitions& definitions) {
  keep(definitions.permissions, item,
       auth::Permission{item.name("user"), item.name("vhost"), item.pattern("configure"),
                        item.pattern("write"), item.pattern("read")});
}

void take_topic_permission(const Item& item, const std::string&, Definitions& definitions) {
  keep(definitions.topic_permissions, item,
       auth::TopicPermission{item.name("user"), item.name("vhost"), item.name("exchange"),
                             item.pattern("write"), item.pattern("read")});
}

// Policies and parameters.

broker::PolicyRecord read_record(PolicyKind kind, const std::string& name, const Json& body) {
  return read_policy(kind, name, body).record();
}

void take_policy(const Item& item, const std::string& scope, Definitions& definitions) {
  const std::string vhost = vhost_of(item, scope);
  const std::string name = item.name("name");
  Json body = Json::object();
  for (const char* member : {"pattern", "definition", "priority", "apply-to"})
    if (const Json* value = item.find(member)) body[member] = *value;
  keep(definitions.contents[vhost].policies, item,
       item.member("", [&] { return read_record(PolicyKind::policy, name, body); }));
}

void take_parameter(const Item& item, const std::string& scope, Definitions& definitions) {
  const std::string vhost = vhost_of(item, scope);
  const std::string component = item.name("component");
  const std::string name = item.name("name");
  const Json* value = item.find("value");
  VhostContents& contents = definitions.contents[vhost];
  if (component == "vhost-limits" && name != "limits") {
    leave_out(definitions, place_of("parameters", item.place()),
              "limits are called 'limits', RabbitMQ itself follows no other");
  } else if (component == "vhost-limits") {
    contents.limits =
        item.member("value", [&] { return read_vhost_limits(value ? *value : Json{}); });
  } else if (component == "operator_policy") {
    keep(contents.operator_policies, item, item.member("value", [&] {
      return read_record(PolicyKind::operator_policy, name, value ? *value : Json::object());
    }));
  } else if (component == "policy") {
    item.refuse("component", "policies may not be set using this method: they stand in 'policies'");
  } else {
    leave_out(definitions, place_of("parameters", item.place()),
              "kept, without effect: nothing here follows component '" + component + "'");
    keep(definitions.parameters, item,
         broker::Parameter{vhost, component, name, dump(value ? *value : Json{})});
  }
}

void take_global_parameter(const Item& item, const std::string&, Definitions& definitions) {
  const std::string name = item.name("name");
  const Json* value = item.find("value");
  // Such as the identity of a cluster, which is not handed on (rabbit_definitions.erl,
  // is_internal_parameter).
  if (name.starts_with("internal"))
    return leave_out(definitions, place_of("global_parameters", item.place()),
                     "'" + name + "' belongs to the cluster that it comes from");
  if (name == "cluster_name" && (!value || !value->is_string()))
    item.refuse("value", "the cluster's name must be a text");
  keep(definitions.global_parameters, item,
       broker::Parameter{{}, {}, name, dump(value ? *value : Json{})});
}

// Exchanges, queues, bindings.

bool is_reserved(const Item& item, std::string_view list, const std::string& name,
                 Definitions& definitions) {
  if (!name.starts_with(reserved_prefix)) return false;
  leave_out(definitions, place_of(list, item.place()),
            "'" + name + "' begins with 'amq.', which RabbitMQ does not import either");
  return true;
}

void take_exchange(const Item& item, const std::string& scope, Definitions& definitions) {
  const std::string vhost = vhost_of(item, scope);
  broker::ExchangeDefinition exchange;
  exchange.name = item.name("name");
  if (exchange.name.empty() || is_reserved(item, "exchanges", exchange.name, definitions)) return;
  exchange.type = item.text("type");
  exchange.durable = item.flag("durable");
  exchange.auto_delete = item.flag("auto_delete");
  exchange.internal = item.flag("internal");
  exchange.arguments = item.table("arguments");
  try {
    broker::check_exchange_type(exchange.type);
  } catch (const amqp::Error& error) {
    return item.refuse("type", error.what());
  }
  try {
    broker::Exchange{
        {.name = exchange.name, .type = exchange.type, .arguments = exchange.arguments}};
  } catch (const amqp::Error& error) {
    return item.refuse("arguments", error.what());
  }
  keep(definitions.contents[vhost].exchanges, item, std::move(exchange));
}

void check_queue(const Item& item, const broker::QueueDefinition& queue, const std::string& vhost) {
  const std::string what = "queue '" + queue.name + "' in vhost '" + vhost + "'";
  broker::QueueArguments parsed;
  try {
    parsed = broker::parse_queue_arguments(queue.arguments, what);
  } catch (const amqp::Error& error) {
    return item.refuse("arguments", error.what());
  }
  try {
    broker::check_queue_flags(parsed,
                              {.name = queue.name,
                               .durable = queue.durable,
                               .auto_delete = queue.auto_delete,
                               .arguments = {}},
                              what);
  } catch (const amqp::Error& error) {
    item.refuse("", error.what());
  }
}

void take_queue(const Item& item, const std::string& scope, Definitions& definitions) {
  const std::string vhost = vhost_of(item, scope);
  broker::QueueDefinition queue;
  queue.name = item.name("name");
  if (queue.name.empty()) {
    if (item.has("name")) item.refuse("name", "is empty");
    return;
  }
  if (is_reserved(item, "queues", queue.name, definitions)) return;
  queue.durable = item.flag("durable");
  queue.auto_delete = item.flag("auto_delete");
  queue.arguments = item.table("arguments");
  check_queue(item, queue, vhost);
  keep(definitions.contents[vhost].queues, item, std::move(queue));
}

void take_binding(const Item& item, const std::string& scope, Definitions& definitions) {
  const std::string vhost = vhost_of(item, scope);
  broker::BindingRecord binding;
  binding.source = item.name("source");
  // The default exchange's go without saying.
  if (binding.source.empty() && item.has("source")) return;
  binding.destination = item.name("destination");
  const std::string type = item.text("destination_type");
  binding.to_exchange = type == "exchange";
  if (!type.empty() && type != "exchange" && type != "queue")
    item.refuse("destination_type", "is '" + type + "': queue or exchange is expected");
  binding.routing_key = item.name("routing_key");
  binding.arguments = item.table("arguments");
  keep(definitions.contents[vhost].bindings, item, std::move(binding));
}

constexpr std::array<ObjectList, 10> lists{{
    {"users", false, take_user},
    {"vhosts", false, take_vhost},
    {"permissions", false, take_permission},
    {"topic_permissions", false, take_topic_permission},
    {"global_parameters", false, take_global_parameter},
    {"parameters", true, take_parameter},
    {"policies", true, take_policy},
    {"exchanges", true, take_exchange},
    {"queues", true, take_queue},
    {"bindings", true, take_binding},
}};

}  // namespace

const ObjectList* find_object_list(std::string_view name) {
  const auto* found = std::ranges::find(lists, name, &ObjectList::name);
  return found == lists.end() ? nullptr : found;
}

}  // namespace leveret::http
