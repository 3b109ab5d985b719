#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "amqp/table.h"
#include "broker/definitions.h"
#include "broker/policy.h"
#include "broker/routing.h"
#include "broker/stats.h"

namespace leveret::broker {

/// A named exchange: its properties, its bindings as a source, and the index that finds them. Owned
/// by its vhost; owns its bindings. Bindings that lead to it are owned by their sources.
class Exchange {
 public:
  /// Throws amqp::Error{precondition_failed} when there is no such exchange type or an argument is
  /// bad.
  explicit Exchange(const ExchangeSpec& spec);

  const std::string& name() const { return name_; }
  const std::string& type() const { return type_; }
  bool is_durable() const { return durable_; }
  bool is_auto_delete() const { return auto_delete_; }
  bool is_internal() const { return internal_; }
  bool is_default() const { return name_.empty(); }
  const amqp::Table& arguments() const { return arguments_; }
  /// The exchange that takes what this one cannot route, by argument or by policy; empty when there
  /// is none.
  const std::string& alternate() const { return alternate_; }
  const EffectivePolicy& policy() const { return policy_; }
  /// Lays these policies on it in place of those before.
  void apply_policy(EffectivePolicy policy);

  /// Throws amqp::Error{precondition_failed}, naming the first difference, unless `spec` declares
  /// the same exchange: type, flags and alternate-exchange count, other arguments do not.
  void assert_equivalent(const ExchangeSpec& spec, std::string_view vhost) const;

  /// Adds a binding; returns it, or null when there was the same one already. Throws for bad
  /// arguments.
  const Binding* bind(Binding binding);
  /// The same binding, if there is one.
  const Binding* find(const Binding& like) const;
  void unbind(const Binding& binding);
  bool has_bindings() const { return !bindings_.empty(); }
  std::size_t binding_count() const { return bindings_.size(); }
  /// Any one of them; there must be one.
  const Binding& first_binding() const { return *bindings_.begin()->second; }
  template <class F>
  void for_each_binding(F on_binding) const {
    for (const auto& [key, binding] : bindings_) on_binding(*binding);
  }
  /// In no order, until `on_binding` returns false.
  template <class F>
  void for_bindings_while(F on_binding) const {
    for (const auto& [key, binding] : bindings_)
      if (!on_binding(*binding)) return;
  }

  /// Appends the bindings that match.
  void match(const RoutingSubject& subject, Matches& out) const {
    std::visit([&](const auto& index) { index.match(subject, out); }, index_);
  }

  IncomingBindings incoming;  // from other exchanges; owned by these
  std::uint64_t publish_in = 0;
  std::uint64_t publish_out = 0;
  std::uint64_t roster_serial = 0;  // in Vhost::all_exchanges()

 private:
  std::string name_;
  std::string type_;
  bool durable_;
  bool auto_delete_;
  bool internal_;
  amqp::Table arguments_;
  std::string alternate_;
  EffectivePolicy policy_;
  RoutingIndex index_;
  std::unordered_map<std::string, std::unique_ptr<Binding>> bindings_;  // by identity
};

}  // namespace leveret::broker
