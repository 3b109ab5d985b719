#include "http/definitions/apply.h"

#include <algorithm>
#include <map>
#include <span>
#include <utility>

#include "amqp/reply_code.h"
#include "auth/password.h"
#include "broker/vhost.h"
#include "http/controllers/limits.h"
#include "http/definitions/blocking.h"

namespace leveret::http {
namespace {

/// What one turn of a core may do: some milliseconds. A policy is laid on every queue.
constexpr std::size_t turn_cost_max = 100;
constexpr std::size_t policy_cost = 25;
/// Objects after which the disk is waited for, so that what waits for it stays little.
constexpr std::size_t objects_in_flight_max = 4000;

bool is_wanted(const Step& step) {
  return step.action == Action::add || step.action == Action::change;
}

bool is_of_core(ObjectKind kind) {
  return kind >= ObjectKind::exchange;
}

void put_vhost(const VhostDefinition& wanted, broker::CoreDirectory& cores) {
  broker::VhostInfo info;
  info.name = wanted.name;
  info = cores.describe(wanted.name).value_or(info);
  if (wanted.description) info.description = *wanted.description;
  if (wanted.tags) info.tags = *wanted.tags;
  cores.put(info);
}

/// After its queues, which are to be what they were without it.
void put_default_queue_type(const VhostDefinition& wanted, broker::CoreDirectory& cores) {
  auto info = cores.describe(wanted.name);
  if (!info || !wanted.default_queue_type || info->default_queue_type == *wanted.default_queue_type)
    return;
  info->default_queue_type = *wanted.default_queue_type;
  cores.put(*info);
}

void put_user(const UserDefinition& wanted, auth::Users& users) {
  auth::User user = users.find(wanted.name).value_or(auth::User{wanted.name, {}, {}, {}});
  if (wanted.tags) user.tags = *wanted.tags;
  if (wanted.password_hash) user.password_hash = *wanted.password_hash;
  if (wanted.password && !auth::verify_password(*wanted.password, user.password_hash))
    user.password_hash = wanted.password->empty() ? "" : auth::hash_password(*wanted.password);
  const auth::Limits before = std::exchange(user.limits, {});
  users.put(user);
  if (!wanted.limits) return;
  for (const auto& [name, value] : before)
    if (!wanted.limits->contains(name)) users.clear_limit(wanted.name, name);
  for (const auto& [name, value] : *wanted.limits) users.set_limit(wanted.name, name, value);
}

const auth::Limits& limits_of(const Definitions& definitions, const std::string& vhost) {
  const auto contents = definitions.contents.find(vhost);
  if (contents != definitions.contents.end() && contents->second.limits)
    return *contents->second.limits;
  const auto found = std::ranges::find_if(
      definitions.vhosts, [&](const auto& each) { return each.value.name == vhost; });
  return *found->value.limits;
}

/// In a turn of the core. Throws amqp::Error.
void make(broker::Vhost& vhost, const VhostContents& contents, const Step& step) {
  switch (step.kind) {
    case ObjectKind::exchange: {
      const broker::ExchangeDefinition& each = contents.exchanges[step.index].value;
      vhost.declare_exchange({.name = each.name,
                              .type = each.type,
                              .durable = each.durable,
                              .auto_delete = each.auto_delete,
                              .internal = each.internal,
                              .arguments = each.arguments});
      return;
    }
    case ObjectKind::policy:
      vhost.set_policy(broker::Policy{contents.policies[step.index].value});
      return;
    case ObjectKind::operator_policy:
      vhost.set_policy(broker::Policy{contents.operator_policies[step.index].value});
      return;
    case ObjectKind::queue: {
      const broker::QueueDefinition& each = contents.queues[step.index].value;
      vhost.declare_queue({.name = each.name,
                           .durable = each.durable,
                           .auto_delete = each.auto_delete,
                           .arguments = each.arguments},
                          ConnectionId{});
      return;
    }
    case ObjectKind::binding: {
      const broker::BindingRecord& each = contents.bindings[step.index].value;
      vhost.bind({.source = each.source,
                  .destination = each.destination,
                  .to_exchange = each.to_exchange,
                  .routing_key = each.routing_key,
                  .arguments = each.arguments},
                 ConnectionId{});
      return;
    }
    case ObjectKind::vhost:
    case ObjectKind::user:
    case ObjectKind::permission:
    case ObjectKind::topic_permission:
    case ObjectKind::global_parameter:
    case ObjectKind::parameter:
    case ObjectKind::vhost_limits: return;
  }
}

/// One virtual host's part, some objects a turn.
class Builder {
 public:
  Builder(std::shared_ptr<const Work> work, std::shared_ptr<broker::Core> core,
          const std::atomic<bool>& is_stopping, std::vector<std::string>& failures)
      : work_(std::move(work)),
        core_(std::move(core)),
        is_stopping_(is_stopping),
        failures_(failures) {}

  void add(const Step& step) {
    turn_.push_back(&step);
    const bool is_policy =
        step.kind == ObjectKind::policy || step.kind == ObjectKind::operator_policy;
    cost_ += is_policy ? policy_cost : 1;
    if (cost_ >= turn_cost_max) run_turn();
    if (++in_flight_ < objects_in_flight_max) return;
    finish();
  }

  void finish() {
    run_turn();
    await_disk(*core_, is_stopping_);
    in_flight_ = 0;
  }

 private:
  void run_turn() {
    if (turn_.empty()) return;
    auto turn = [work = work_, steps = std::exchange(turn_, {})](broker::Vhost& vhost) {
      std::vector<std::string> failures;
      const VhostContents& contents = work->definitions.contents.at(vhost.name());
      for (const Step* step : steps) try {
          make(vhost, contents, *step);
        } catch (const amqp::Error& error) {
          failures.emplace_back(error.what());
        }
      return failures;
    };
    cost_ = 0;
    for (std::string& failure : ask_blocking(*core_, is_stopping_, std::move(turn)))
      failures_.push_back(std::move(failure));
  }

  std::shared_ptr<const Work> work_;
  std::shared_ptr<broker::Core> core_;
  const std::atomic<bool>& is_stopping_;
  std::vector<std::string>& failures_;
  std::vector<const Step*> turn_;
  std::size_t cost_ = 0;
  std::size_t in_flight_ = 0;
};

/// Users, what they may do, and parameters: together in one transaction.
void put_users_and_parameters(const Work& work, const Directories& directories) {
  // An import that is finished late may find that somebody has deleted them since.
  const auto has_owners = [&](const std::string& user, const std::string& vhost) {
    return directories.users->find(user) && directories.cores->find(vhost);
  };
  std::vector<broker::Parameter> parameters;
  for (const Step& step : work.plan.steps) {
    if (!is_wanted(step)) continue;
    const Definitions& definitions = work.definitions;
    if (step.kind == ObjectKind::user)
      put_user(definitions.users[step.index].value, *directories.users);
    if (step.kind == ObjectKind::permission)
      if (const auth::Permission& each = definitions.permissions[step.index].value;
          has_owners(each.user, each.vhost))
        directories.users->set_permission(each);
    if (step.kind == ObjectKind::topic_permission)
      if (const auth::TopicPermission& each = definitions.topic_permissions[step.index].value;
          has_owners(each.user, each.vhost))
        directories.users->set_topic_permission(each);
    if (step.kind == ObjectKind::global_parameter)
      parameters.push_back(definitions.global_parameters[step.index].value);
    if (step.kind == ObjectKind::parameter && directories.cores->find(step.vhost))
      parameters.push_back(definitions.parameters[step.index].value);
  }
  if (!parameters.empty()) directories.parameters->put(parameters);
}

}  // namespace

std::vector<std::string> apply(const std::shared_ptr<const Work>& work,
                               const Directories& directories,
                               const std::atomic<bool>& is_stopping) {
  const Definitions& definitions = work->definitions;
  const std::vector<Step>& steps = work->plan.steps;
  for (const Step& step : steps)
    if (step.kind == ObjectKind::vhost && is_wanted(step))
      put_vhost(definitions.vhosts[step.index].value, *directories.cores);
  directories.imports->group([&] { put_users_and_parameters(*work, directories); });
  for (const Step& step : steps)
    if (step.kind == ObjectKind::vhost_limits && is_wanted(step))
      replace_vhost_limits(*directories.cores, step.vhost, limits_of(definitions, step.vhost));

  std::vector<std::string> failures;
  for (const auto& [vhost, contents] : definitions.contents) {
    const auto core = directories.cores->find(vhost);
    if (!core) continue;  // deleted meanwhile
    Builder builder{work, core, is_stopping, failures};
    const auto first = std::ranges::find_if(
        steps, [&](const Step& step) { return is_of_core(step.kind) && step.vhost == vhost; });
    for (auto step = first; step != steps.end() && step->vhost == vhost; ++step)
      if (is_wanted(*step)) builder.add(*step);
    builder.finish();
  }
  for (const auto& each : definitions.vhosts)
    put_default_queue_type(each.value, *directories.cores);
  return failures;
}

}  // namespace leveret::http
