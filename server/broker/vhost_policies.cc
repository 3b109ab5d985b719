#include <utility>

#include "base/limit_counts.h"
#include "broker/exchange.h"
#include "broker/queue.h"
#include "broker/vhost.h"

namespace leveret::broker {

bool Vhost::set_policy(Policy policy) {
  const PolicyRecord& record = policy.record();
  if (policies_.count(record.kind) >= limits_.policies_max &&
      !policies_.has(record.kind, record.name))
    refuse_more(Limit::policies, "set policy '" + record.name + "'", "policy",
                limits_.policies_max);
  record_definition().put_policy(policy.record());
  const bool is_new = policies_.put(std::move(policy));
  apply_policies();
  finish_command();
  return is_new;
}

bool Vhost::delete_policy(PolicyKind kind, const std::string& name) {
  if (!policies_.drop(kind, name)) return false;
  record_definition().drop_policy(kind, name);
  apply_policies();
  finish_command();
  return true;
}

void Vhost::apply_policies() {
  for_each_exchange([this](Exchange& exchange) { apply_policies(exchange); });
  for_each_queue([this](Queue& queue) { apply_policies(queue); });
}

void Vhost::apply_policies(Queue& queue) {
  EffectivePolicy policy = policies_.effective(policy_target_of(queue.arguments()), queue.name());
  if (policy != queue.policy()) queue.apply_policy(std::move(policy));
}

void Vhost::apply_policies(Exchange& exchange) {
  EffectivePolicy policy = policies_.effective(PolicyTarget::exchange, exchange.name());
  if (policy != exchange.policy()) exchange.apply_policy(std::move(policy));
}

}  // namespace leveret::broker
