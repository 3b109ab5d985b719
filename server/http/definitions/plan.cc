#include "http/definitions/plan.h"

#include <algorithm>
#include <set>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "amqp/reply_code.h"
#include "broker/headers_match.h"
#include "http/definitions/compare.h"

namespace leveret::http {
namespace {

using ByName = std::unordered_map<std::string, std::size_t>;

template <class List, class Name>
ByName index_by(const List& list, Name name) {
  ByName found;
  for (std::size_t i = 0; i < list.size(); ++i) found.emplace(name(list[i]), i);
  return found;
}

/// Two names that cannot be mistaken for two others.
std::string joined(const std::string& first, const std::string& second) {
  return std::to_string(first.size()) + ":" + first + second;
}

std::string binding_key(const broker::BindingRecord& binding) {
  return joined(joined(binding.source, binding.destination),
                joined(binding.routing_key,
                       (binding.to_exchange ? "e" : "q") + dump(to_json(binding.arguments))));
}

/// Makes the plan; one function for each kind.
class Planner {
 public:
  Planner(const Definitions& wanted, const Snapshot& current, ImportErrors& errors)
      : wanted_(wanted), current_(current), errors_(errors) {}

  Plan run() {
    for (const auto& each : wanted_.vhosts) new_vhosts_.insert(each.value.name);
    for (const auto& each : wanted_.users) new_users_.insert(each.value.name);
    plan_vhosts();
    plan_users();
    plan_permissions();
    plan_parameters();
    for (const auto& [vhost, contents] : wanted_.contents)
      if (has_vhost(vhost)) plan_limits(vhost, contents);
    for (const auto& each : wanted_.vhosts) plan_limits_of(each.value);
    for (const auto& [vhost, contents] : wanted_.contents) plan_contents(vhost, contents);
    return std::move(plan_);
  }

 private:
  /// False for the second of two.
  bool is_first(std::unordered_set<std::string>& seen, const std::string& key,
                std::string_view list, std::size_t place, const std::string& what) {
    if (seen.insert(key).second) return true;
    errors_.add(place_of(list, place), what + " stands there twice");
    return false;
  }

  bool has_vhost(const std::string& vhost) const {
    return new_vhosts_.contains(vhost) || current_.vhosts.contains(vhost);
  }

  void require_vhost(std::string_view list, std::size_t place, const std::string& vhost) {
    if (!has_vhost(vhost))
      errors_.add(place_of(list, place) + ".vhost",
                  "there is no virtual host '" + vhost + "', nor is it in 'vhosts'");
  }

  void require_user(std::string_view list, std::size_t place, const std::string& user) {
    const bool is_known =
        new_users_.contains(user) ||
        std::ranges::find(current_.users, user, &auth::User::name) != current_.users.end();
    if (!is_known)
      errors_.add(place_of(list, place) + ".user",
                  "there is no user '" + user + "', nor is he in 'users'");
  }

  void plan_vhosts() {
    std::unordered_set<std::string> seen;
    for (std::size_t i = 0; i < wanted_.vhosts.size(); ++i) {
      const auto& [place, wanted] = wanted_.vhosts[i];
      if (!is_first(seen, wanted.name, "vhosts", place, "'" + wanted.name + "'")) continue;
      Step step{ObjectKind::vhost, Action::add, i, wanted.name, wanted.name};
      const auto found = current_.vhosts.find(wanted.name);
      if (found != current_.vhosts.end()) {
        compare(step, found->second, wanted);
      }
      plan_.steps.push_back(std::move(step));
    }
  }

  void plan_users() {
    const ByName known = index_by(current_.users, [](const auth::User& each) { return each.name; });
    std::unordered_set<std::string> seen;
    for (std::size_t i = 0; i < wanted_.users.size(); ++i) {
      const auto& [place, wanted] = wanted_.users[i];
      if (!is_first(seen, wanted.name, "users", place, "'" + wanted.name + "'")) continue;
      Step step{ObjectKind::user, Action::add, i, {}, wanted.name};
      if (const auto found = known.find(wanted.name); found != known.end()) {
        compare(step, current_.users[found->second], wanted);
      }
      plan_.steps.push_back(std::move(step));
    }
  }

  void plan_permissions() {
    const ByName known = index_by(current_.permissions, [](const auth::Permission& each) {
      return joined(each.user, each.vhost);
    });
    std::unordered_set<std::string> seen;
    for (std::size_t i = 0; i < wanted_.permissions.size(); ++i) {
      const auto& [place, wanted] = wanted_.permissions[i];
      const std::string key = joined(wanted.user, wanted.vhost);
      if (!is_first(seen, key, "permissions", place, "'" + wanted.user + "'")) continue;
      require_user("permissions", place, wanted.user);
      require_vhost("permissions", place, wanted.vhost);
      Step step{ObjectKind::permission, Action::add, i, wanted.vhost, wanted.user};
      if (const auto found = known.find(key); found != known.end()) {
        compare(step, current_.permissions[found->second], wanted);
      }
      plan_.steps.push_back(std::move(step));
    }
    plan_topic_permissions();
  }

  void plan_topic_permissions() {
    const auto key_of = [](const auth::TopicPermission& each) {
      return joined(joined(each.user, each.vhost), each.exchange);
    };
    const ByName known = index_by(current_.topic_permissions, key_of);
    std::unordered_set<std::string> seen;
    for (std::size_t i = 0; i < wanted_.topic_permissions.size(); ++i) {
      const auto& [place, wanted] = wanted_.topic_permissions[i];
      const std::string key = key_of(wanted);
      if (!is_first(seen, key, "topic_permissions", place, "'" + wanted.user + "'")) continue;
      require_user("topic_permissions", place, wanted.user);
      require_vhost("topic_permissions", place, wanted.vhost);
      Step step{ObjectKind::topic_permission, Action::add, i, wanted.vhost,
                wanted.user + " at " + wanted.exchange};
      if (const auto found = known.find(key); found != known.end()) {
        compare(step, current_.topic_permissions[found->second], wanted);
      }
      plan_.steps.push_back(std::move(step));
    }
  }

  void plan_parameters() {
    std::unordered_map<std::string, std::string> known;
    const auto key_of = [](const broker::Parameter& each) {
      return joined(joined(each.vhost, each.component), each.name);
    };
    for (const broker::Parameter& each : current_.parameters)
      known.emplace(key_of(each), each.value);
    std::unordered_set<std::string> seen;
    const auto plan = [&](ObjectKind kind, std::string_view list,
                          const PlacedList<broker::Parameter>& all) {
      for (std::size_t i = 0; i < all.size(); ++i) {
        const auto& [place, wanted] = all[i];
        const std::string name =
            wanted.vhost.empty() ? wanted.name : wanted.component + "/" + wanted.name;
        if (!is_first(seen, key_of(wanted), list, place, "'" + name + "'")) continue;
        if (kind == ObjectKind::parameter) require_vhost(list, place, wanted.vhost);
        Step step{kind, Action::add, i, wanted.vhost, name};
        if (const auto found = known.find(key_of(wanted)); found != known.end()) {
          compare(step, found->second, wanted.value);
        }
        plan_.steps.push_back(std::move(step));
      }
    };
    plan(ObjectKind::global_parameter, "global_parameters", wanted_.global_parameters);
    plan(ObjectKind::parameter, "parameters", wanted_.parameters);
  }

  void plan_limits(const std::string& vhost, const VhostContents& contents) {
    if (contents.limits) add_limits(vhost, *contents.limits);
  }
  /// Those among the parameters count more.
  void plan_limits_of(const VhostDefinition& vhost) {
    const auto found = wanted_.contents.find(vhost.name);
    const bool is_planned = found != wanted_.contents.end() && found->second.limits;
    if (vhost.limits && !is_planned) add_limits(vhost.name, *vhost.limits);
  }
  void add_limits(const std::string& vhost, const auth::Limits& wanted) {
    limits_.emplace(vhost, wanted);
    const auto found = current_.vhosts.find(vhost);
    const auth::Limits is = found == current_.vhosts.end() ? auth::Limits{} : found->second.limits;
    Step step{ObjectKind::vhost_limits, Action::add, 0, vhost, "limits"};
    if (!is.empty() || wanted.empty()) compare(step, is, wanted);
    plan_.steps.push_back(std::move(step));
  }

  void plan_contents(const std::string& vhost, const VhostContents& contents) {
    if (!has_vhost(vhost)) return refuse_contents(vhost, contents);
    static const broker::Topology nothing;
    const auto found = current_.topologies.find(vhost);
    const broker::Topology& is = found == current_.topologies.end() ? nothing : found->second;
    plan_exchanges(vhost, contents, is);
    plan_policies(vhost, ObjectKind::policy, "policies", contents.policies, is);
    plan_policies(vhost, ObjectKind::operator_policy, "parameters", contents.operator_policies, is);
    plan_queues(vhost, contents, is);
    plan_bindings(vhost, contents, is);
  }

  void refuse_contents(const std::string& vhost, const VhostContents& contents) {
    const auto refuse_first = [&](std::string_view list, const auto& all) {
      if (!all.empty()) require_vhost(list, all.front().place, vhost);
    };
    refuse_first("exchanges", contents.exchanges);
    refuse_first("policies", contents.policies);
    refuse_first("parameters", contents.operator_policies);
    refuse_first("queues", contents.queues);
    refuse_first("bindings", contents.bindings);
    if (contents.limits)
      errors_.add("parameters", "there is no virtual host '" + vhost + "' for the limits");
  }

  void plan_exchanges(const std::string& vhost, const VhostContents& contents,
                      const broker::Topology& topology) {
    const ByName known = index_by(topology.exchanges, [](const auto& each) { return each.name; });
    std::unordered_set<std::string> seen;
    for (std::size_t i = 0; i < contents.exchanges.size(); ++i) {
      const auto& [place, wanted] = contents.exchanges[i];
      if (!is_first(seen, wanted.name, "exchanges", place, "'" + wanted.name + "'")) continue;
      Step step{ObjectKind::exchange, Action::add, i, vhost, wanted.name};
      if (const auto found = known.find(wanted.name); found != known.end())
        compare(step, topology.exchanges[found->second], wanted);
      plan_.steps.push_back(std::move(step));
    }
  }

  void plan_policies(const std::string& vhost, ObjectKind kind, std::string_view list,
                     const PlacedList<broker::PolicyRecord>& all,
                     const broker::Topology& topology) {
    std::unordered_set<std::string> seen;
    for (std::size_t i = 0; i < all.size(); ++i) {
      const auto& [place, wanted] = all[i];
      if (!is_first(seen, wanted.name, list, place, "'" + wanted.name + "'")) continue;
      Step step{kind, Action::add, i, vhost, wanted.name};
      const auto found = std::ranges::find_if(topology.policies, [&](const auto& each) {
        return each.kind == wanted.kind && each.name == wanted.name;
      });
      if (found != topology.policies.end()) {
        compare(step, *found, wanted);
      }
      plan_.steps.push_back(std::move(step));
    }
  }

  void plan_queues(const std::string& vhost, const VhostContents& contents,
                   const broker::Topology& topology) {
    const ByName known = index_by(topology.queues, [](const auto& each) { return each.name; });
    const std::unordered_set<std::string> exclusive(topology.exclusive_queues.begin(),
                                                    topology.exclusive_queues.end());
    std::unordered_set<std::string> seen;
    std::size_t new_count = 0;
    for (std::size_t i = 0; i < contents.queues.size(); ++i) {
      const auto& [place, wanted] = contents.queues[i];
      if (!is_first(seen, wanted.name, "queues", place, "'" + wanted.name + "'")) continue;
      Step step{ObjectKind::queue, Action::add, i, vhost, wanted.name};
      if (const auto found = known.find(wanted.name); found != known.end()) {
        compare(step, topology.queues[found->second], wanted);
      } else if (exclusive.contains(wanted.name)) {
        compare_with_exclusive(step);
      } else {
        ++new_count;
      }
      plan_.steps.push_back(std::move(step));
    }
    check_queue_limit(vhost, known.size() + exclusive.size(), new_count);
  }

  /// rabbit_definitions.erl, validate_vhost_queue_limit
  void check_queue_limit(const std::string& vhost, std::size_t count, std::size_t new_count) {
    const auto wanted = limits_.find(vhost);
    const auto is = current_.vhosts.find(vhost);
    const auth::Limits limits = wanted != limits_.end()       ? wanted->second
                                : is != current_.vhosts.end() ? is->second.limits
                                                              : auth::Limits{};
    const auto most = auth::find_limit(limits, "max-queues");
    if (!most || new_count == 0 || count + new_count <= *most) return;
    errors_.add("queues", "Adding " + std::to_string(new_count) + " queue(s) to virtual host '" +
                              vhost + "' would exceed the limit of " + std::to_string(*most) +
                              " queue(s); it has " + std::to_string(count) + " now");
  }

  void plan_bindings(const std::string& vhost, const VhostContents& contents,
                     const broker::Topology& topology) {
    std::unordered_map<std::string, std::string> types;
    for (const std::string_view type : {"direct", "fanout", "topic", "headers"})
      types.emplace("amq." + std::string{type}, type);
    types.emplace("amq.match", "headers");
    for (const auto& each : contents.exchanges) types.emplace(each.value.name, each.value.type);
    for (const auto& each : topology.exchanges) types.insert_or_assign(each.name, each.type);
    std::unordered_set<std::string> queues;
    for (const auto& each : contents.queues) queues.insert(each.value.name);
    for (const auto& each : topology.queues) queues.insert(each.name);
    std::unordered_set<std::string> known;
    for (const auto& each : topology.bindings) known.insert(binding_key(each));
    std::unordered_set<std::string> seen;
    for (std::size_t i = 0; i < contents.bindings.size(); ++i) {
      const auto& [place, wanted] = contents.bindings[i];
      const std::string key = binding_key(wanted);
      if (!seen.insert(key).second) continue;  // means the same twice
      // Queues of this name are not imported; those there are, RabbitMQ exports with their
      // bindings.
      if (!wanted.to_exchange && wanted.destination.starts_with("amq.") &&
          !queues.contains(wanted.destination))
        continue;
      check_binding(place, wanted, vhost, types, queues);
      plan_.steps.push_back({ObjectKind::binding, known.contains(key) ? Action::same : Action::add,
                             i, vhost,
                             wanted.source + " -> " + wanted.destination +
                                 (wanted.routing_key.empty() ? "" : " " + wanted.routing_key)});
    }
  }

  void check_binding(std::size_t place, const broker::BindingRecord& binding,
                     const std::string& vhost,
                     const std::unordered_map<std::string, std::string>& types,
                     const std::unordered_set<std::string>& queues) {
    const std::string at = place_of("bindings", place);
    const auto missing = [&](const char* member, const char* kind, const std::string& name) {
      errors_.add(at + "." + member, "there is no " + std::string{kind} + " '" + name +
                                         "' in virtual host '" + vhost + "', nor is it in '" +
                                         kind + "s'");
    };
    const auto source = types.find(binding.source);
    if (source == types.end()) missing("source", "exchange", binding.source);
    if (binding.to_exchange && !types.contains(binding.destination))
      missing("destination", "exchange", binding.destination);
    if (!binding.to_exchange && !queues.contains(binding.destination))
      missing("destination", "queue", binding.destination);
    if (source == types.end()) return;
    if (source->second == "headers") {
      try {
        broker::HeadersMatch{binding.arguments};
      } catch (const amqp::Error& error) {
        errors_.add(at + ".arguments.x-match", error.what());
      }
    }
    const std::string& key = binding.routing_key;
    const bool is_weight = !key.empty() && key.size() < 10 &&
                           key.find_first_not_of("0123456789") == std::string::npos &&
                           key.find_first_not_of('0') != std::string::npos;
    if (source->second == "x-consistent-hash" && !is_weight)
      errors_.add(at + ".routing_key", "is '" + key +
                                           "', but for an exchange of type x-consistent-hash it "
                                           "is a weight: a whole number from 1");
  }

  const Definitions& wanted_;
  const Snapshot& current_;
  ImportErrors& errors_;
  Plan plan_;
  std::set<std::string> new_vhosts_;
  std::set<std::string> new_users_;
  std::map<std::string, auth::Limits> limits_;
};

constexpr std::array<std::string_view, 4> action_names{"add", "change", "same", "conflict"};

}  // namespace

std::size_t Plan::count(Action action) const {
  return static_cast<std::size_t>(std::ranges::count(steps, action, &Step::action));
}

Plan make_plan(const Definitions& wanted, const Snapshot& current, ImportErrors& errors) {
  return Planner{wanted, current, errors}.run();
}

std::string_view kind_name(ObjectKind kind) {
  switch (kind) {
    case ObjectKind::vhost: return "vhost";
    case ObjectKind::user: return "user";
    case ObjectKind::permission: return "permission";
    case ObjectKind::topic_permission: return "topic_permission";
    case ObjectKind::global_parameter: return "global_parameter";
    case ObjectKind::parameter: return "parameter";
    case ObjectKind::vhost_limits: return "vhost_limits";
    case ObjectKind::exchange: return "exchange";
    case ObjectKind::policy: return "policy";
    case ObjectKind::operator_policy: return "operator_policy";
    case ObjectKind::queue: return "queue";
    case ObjectKind::binding: return "binding";
  }
  return {};
}

Json step_json(const Step& step) {
  Json object{{"kind", kind_name(step.kind)},
              {"name", step.name},
              {"action", action_names[static_cast<std::size_t>(step.action)]}};
  if (!step.vhost.empty()) object["vhost"] = step.vhost;
  if (!step.differences.is_null()) object["differences"] = step.differences;
  return object;
}

std::string plan_report(const Plan& plan, const Definitions& definitions, bool is_dry_run) {
  Json counts = Json::object();
  for (std::size_t i = 0; i < action_names.size(); ++i)
    counts[std::string{action_names[i]}] = plan.count(static_cast<Action>(i));
  std::string text = "{\"counts\":" + dump(counts) + ",\"objects\":[";
  bool is_first = true;
  for (const Step& step : plan.steps) {
    if (!std::exchange(is_first, false)) text += ',';
    text += dump(step_json(step));
  }
  return text + "],\"notes\":" + dump(definitions.notes) +
         ",\"dry_run\":" + (is_dry_run ? "true}" : "false}");
}

}  // namespace leveret::http
