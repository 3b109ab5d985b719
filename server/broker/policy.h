#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "amqp/table.h"
#include "broker/arguments.h"
#include "broker/journal.h"
#include "broker/pattern.h"

namespace leveret::broker {

/// What a policy may be laid on.
enum class PolicyTarget : std::uint8_t { exchange, classic_queue, quorum_queue };

/// What a queue with these arguments is to a policy.
PolicyTarget policy_target_of(const amqp::Table& queue_arguments);

/// Arguments for every queue or exchange whose name its pattern finds (RabbitMQ,
/// rabbit_policy.erl).
class Policy {
 public:
  /// Checks pattern, apply-to and definition as RabbitMQ does (rabbit_policies.erl). Keys that mean
  /// something only to a cluster, to a plugin or to other kinds of queues are accepted and have no
  /// effect. Throws amqp::Error{precondition_failed} with RabbitMQ's text.
  explicit Policy(PolicyRecord record);

  const PolicyRecord& record() const { return record_; }
  /// Apply-to and pattern fit; and no key of the definition is foreign to the kind of queue, which
  /// keeps the whole policy off it, as in RabbitMQ (rabbit_queue_type.erl, unsupported_policies).
  bool applies_to(PolicyTarget target, std::string_view name) const;

 private:
  PolicyRecord record_;
  Pattern pattern_;
};

/// The policies on one queue or exchange, and what they come to.
struct EffectivePolicy {
  std::string policy;  // names; empty for none
  std::string operator_policy;
  amqp::Table definition;

  bool operator==(const EffectivePolicy&) const = default;
};

/// All policies of a virtual host.
class Policies {
 public:
  /// Returns whether there was none of that kind and name.
  bool put(Policy policy);
  /// Returns whether there was one.
  bool drop(PolicyKind kind, std::string_view name);
  bool has(PolicyKind kind, std::string_view name) const;
  std::size_t count(PolicyKind kind) const { return of(kind).size(); }

  /// Of each kind the policy with the highest priority counts, of equals the first by name; the two
  /// are merged.
  EffectivePolicy effective(PolicyTarget target, std::string_view name) const;
  /// Sorted by name.
  std::vector<PolicyRecord> records(PolicyKind kind) const;

 private:
  using List = std::vector<Policy>;  // in the order in which they are asked
  List& of(PolicyKind kind) { return kind == PolicyKind::policy ? policies_ : operator_policies_; }
  const List& of(PolicyKind kind) const {
    return kind == PolicyKind::policy ? policies_ : operator_policies_;
  }

  List policies_;
  List operator_policies_;
};

/// A policy's definition under an operator's: of two numbers the lower, of anything else the
/// operator's.
amqp::Table merge_definitions(const amqp::Table& policy, const amqp::Table& operator_policy);

/// A queue's own arguments together with a definition: of limits the lower counts, of all else the
/// argument (rabbit_amqqueue_process.erl, res_min and res_arg). `parsed` is what parsing
/// `arguments` gave.
QueueArguments with_policy(QueueArguments parsed, const amqp::Table& arguments,
                           const amqp::Table& definition);

}  // namespace leveret::broker
