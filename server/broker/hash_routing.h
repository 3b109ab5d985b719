#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "broker/binding.h"
#include "broker/routing_subject.h"

namespace leveret::broker {

/// Exchange types x-consistent-hash and x-modulus-hash: each message goes to exactly one binding,
/// chosen by the hash of its routing key, or, for x-consistent-hash, of the header or property that
/// the exchange's arguments name. Messages that hash alike stay together as long as the bindings
/// stay, over restarts too.
///
/// The binding with the highest score for the hash wins (weighted rendezvous hashing): adding one
/// takes from each other one only what it wins, removing one moves only what it had, in proportion
/// to the weights, and the order of binding does not matter. A weight costs no memory, unlike the
/// buckets of RabbitMQ's plugin. A match costs time linear in the number of bindings.
class HashIndex {
 public:
  enum class Weights {
    binding_keys,  // x-consistent-hash: the binding key is the weight
    equal,         // x-modulus-hash: binding keys say nothing
  };

  /// Throws amqp::Error{precondition_failed}, in the plugin's words, for `hash-header` and
  /// `hash-property` together or a property that cannot be hashed
  /// (rabbit_exchange_type_consistent_hash.erl, validate).
  HashIndex(Weights weights, const amqp::Table& exchange_arguments);

  /// Throws amqp::Error{precondition_failed} when the binding key is no weight: a whole number
  /// greater than 0.
  void add(const Binding& binding);
  void remove(const Binding& binding) { rows_.remove(binding); }
  void match(const RoutingSubject& subject, Matches& out) const;

 private:
  enum class Source { routing_key, header, message_id, correlation_id, timestamp };
  struct Row {
    const Binding* binding;
    std::uint64_t identity;
    double weight;
    friend const Binding& binding_of(const Row& row) { return *row.binding; }
  };
  std::string hashed_text(const RoutingSubject& subject) const;

  Weights weights_;
  Source source_ = Source::routing_key;
  std::string header_;
  BindingList<in_index, Row> rows_;
};

/// Exchange type x-random: each message goes to one binding, whichever.
class RandomIndex {
 public:
  /// Exchanges of different names draw independently, so that one may lead to others.
  explicit RandomIndex(std::string_view exchange_name);

  void add(const Binding& binding) { bindings_.add(&binding); }
  void remove(const Binding& binding) { bindings_.remove(binding); }
  void match(const RoutingSubject& subject, Matches& out) const;

 private:
  std::uint64_t salt_;
  IndexedBindings bindings_;
};

}  // namespace leveret::broker
