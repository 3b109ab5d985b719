#include "http/definitions/write.h"

#include "auth/password.h"
#include "http/json.h"
#include "http/views.h"

namespace leveret::http {
namespace {

/// Which RabbitMQ we pass for: it tells importers which hash a user without `hashing_algorithm`
/// has.
constexpr std::string_view rabbitmq_version = "3.13.7";

/// Writes an object's members one after another, and lists item by item: the whole may be long.
class Document {
 public:
  void member(std::string_view name, const Json& value) {
    begin(name);
    text_ += dump(value);
  }
  void begin_list(std::string_view name) {
    begin(name);
    text_ += '[';
    is_first_ = true;
  }
  void item(const Json& value) {
    if (!std::exchange(is_first_, false)) text_ += ',';
    text_ += dump(value);
  }
  void end_list() { text_ += ']'; }
  std::string take() { return std::move(text_) + "}"; }

 private:
  void begin(std::string_view name) {
    text_ += (text_.empty() ? "{" : ",") + dump(Json(name)) + ":";
  }
  std::string text_;
  bool is_first_ = true;
};

Json user_json(const auth::User& user) {
  Json item{{"name", user.name},
            {"tags", user.tags},
            {"limits", user.limits.empty() ? Json::object() : Json(user.limits)}};
  const auth::RabbitHash hash = auth::export_hash(user.password_hash);
  const bool is_own = auth::is_slow_hash(user.password_hash);
  item["password_hash"] = is_own ? "" : hash.base64;
  item["hashing_algorithm"] = is_own ? auth::export_hash("").algorithm : hash.algorithm;
  if (is_own) item["leveret_password_hash"] = hash.base64;
  return item;
}

Json metadata_json(const broker::VhostInfo& info) {
  Json metadata{{"description", info.description}, {"tags", info.tags}};
  if (!info.default_queue_type.empty()) metadata["default_queue_type"] = info.default_queue_type;
  return metadata;
}

Json limits_json(const broker::VhostInfo& info) {
  return info.limits.empty() ? Json::array() : Json(info.limits);
}

Json vhost_json(const broker::VhostInfo& info) {
  Json item = metadata_json(info);
  item["name"] = info.name;
  item["metadata"] = metadata_json(info);
  item["limits"] = limits_json(info);
  return item;
}

Json parameter_json(const std::string& vhost, std::string_view component, const std::string& name,
                    Json value) {
  return {{"vhost", vhost}, {"component", component}, {"name", name}, {"value", std::move(value)}};
}

Json policy_value(const broker::PolicyRecord& record) {
  return {{"pattern", record.pattern},
          {"definition", to_json(record.definition)},
          {"priority", record.priority},
          {"apply-to", record.apply_to}};
}

/// The lists of what belongs to virtual hosts; items name theirs when there are several.
class Contents {
 public:
  Contents(Document& document, const Snapshot& snapshot, bool names_vhost)
      : document_(document), snapshot_(snapshot), names_vhost_(names_vhost) {}

  void write() {
    write_parameters();
    document_.begin_list("policies");
    for_each([&](const std::string& vhost, const broker::Topology& topology) {
      for (const broker::PolicyRecord& each : topology.policies)
        if (each.kind == broker::PolicyKind::policy) document_.item(policy_json(each, vhost));
    });
    document_.end_list();
    document_.begin_list("queues");
    for_each([&](const std::string& vhost, const broker::Topology& topology) {
      for (const broker::QueueDefinition& each : topology.queues)
        add(vhost, {{"name", each.name},
                    {"durable", each.durable},
                    {"auto_delete", each.auto_delete},
                    {"arguments", to_json(each.arguments)}});
    });
    document_.end_list();
    document_.begin_list("exchanges");
    for_each([&](const std::string& vhost, const broker::Topology& topology) {
      for (const broker::ExchangeDefinition& each : topology.exchanges)
        add(vhost, {{"name", each.name},
                    {"type", each.type},
                    {"durable", each.durable},
                    {"auto_delete", each.auto_delete},
                    {"internal", each.internal},
                    {"arguments", to_json(each.arguments)}});
    });
    document_.end_list();
    document_.begin_list("bindings");
    for_each([&](const std::string& vhost, const broker::Topology& topology) {
      for (const broker::BindingRecord& each : topology.bindings)
        add(vhost, {{"source", each.source},
                    {"destination", each.destination},
                    {"destination_type", each.to_exchange ? "exchange" : "queue"},
                    {"routing_key", each.routing_key},
                    {"arguments", to_json(each.arguments)}});
    });
    document_.end_list();
  }

 private:
  template <class F>
  void for_each(F on_vhost) const {
    for (const auto& [vhost, topology] : snapshot_.topologies) on_vhost(vhost, topology);
  }

  void add(const std::string& vhost, Json item) {
    if (names_vhost_) item["vhost"] = vhost;
    document_.item(item);
  }

  void write_parameters() {
    document_.begin_list("parameters");
    for_each([&](const std::string& vhost, const broker::Topology& topology) {
      const broker::VhostInfo& info = snapshot_.vhosts.at(vhost);
      if (!info.limits.empty())
        document_.item(parameter_json(vhost, "vhost-limits", "limits", Json(info.limits)));
      for (const broker::PolicyRecord& each : topology.policies)
        if (each.kind == broker::PolicyKind::operator_policy)
          document_.item(parameter_json(vhost, "operator_policy", each.name, policy_value(each)));
      for (const broker::Parameter& each : snapshot_.parameters)
        if (each.vhost == vhost)
          document_.item(parameter_json(vhost, each.component, each.name,
                                        Json::parse(each.value, nullptr, false)));
    });
    document_.end_list();
  }

  Document& document_;
  const Snapshot& snapshot_;
  bool names_vhost_;
};

void write_origin(Document& document, const Origin& origin) {
  document.member("rabbit_version", rabbitmq_version);
  document.member("rabbitmq_version", rabbitmq_version);
  document.member("product_name", "Leveret");
  document.member("product_version", origin.product_version);
}

}  // namespace

std::string write_definitions(const Snapshot& snapshot, const Origin& origin) {
  Document document;
  write_origin(document, origin);
  document.member("rabbitmq_definition_format", "cluster");
  document.member("original_cluster_name", origin.cluster_name);
  document.member("explanation", "Definitions of cluster '" + origin.cluster_name + "'");
  document.begin_list("users");
  for (const auth::User& each : snapshot.users) document.item(user_json(each));
  document.end_list();
  document.begin_list("vhosts");
  for (const auto& [name, info] : snapshot.vhosts) document.item(vhost_json(info));
  document.end_list();
  document.begin_list("permissions");
  for (const auth::Permission& each : snapshot.permissions)
    document.item({{"user", each.user},
                   {"vhost", each.vhost},
                   {"configure", each.configure},
                   {"write", each.write},
                   {"read", each.read}});
  document.end_list();
  document.begin_list("topic_permissions");
  for (const auth::TopicPermission& each : snapshot.topic_permissions)
    document.item({{"user", each.user},
                   {"vhost", each.vhost},
                   {"exchange", each.exchange},
                   {"write", each.write},
                   {"read", each.read}});
  document.end_list();
  document.begin_list("global_parameters");
  for (const broker::Parameter& each : snapshot.parameters)
    // What belongs to this cluster alone stays here, as in RabbitMQ.
    if (each.vhost.empty() && !each.name.starts_with("internal"))
      document.item({{"name", each.name}, {"value", Json::parse(each.value, nullptr, false)}});
  document.end_list();
  Contents{document, snapshot, true}.write();
  return document.take();
}

std::string write_vhost_definitions(const Snapshot& snapshot, const std::string& vhost,
                                    const Origin& origin) {
  const broker::VhostInfo& info = snapshot.vhosts.at(vhost);
  Document document;
  write_origin(document, origin);
  document.member("rabbitmq_definition_format", "single_virtual_host");
  document.member("original_vhost_name", vhost);
  document.member("explanation", "Definitions of virtual host '" + vhost + "'");
  document.member("metadata", metadata_json(info));
  document.member("description", info.description);
  document.member("limits", limits_json(info));
  Contents{document, snapshot, false}.write();
  return document.take();
}

}  // namespace leveret::http
