#pragma once

#include <array>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <variant>

#include "broker/binding.h"
#include "broker/definitions.h"
#include "broker/hash_routing.h"
#include "broker/headers_match.h"
#include "broker/routing_subject.h"
#include "broker/topic.h"

namespace leveret::broker {

/// The routing key equals the binding key.
class DirectIndex {
 public:
  void add(const Binding& binding);
  void remove(const Binding& binding);
  void match(const RoutingSubject& subject, Matches& out) const;

 private:
  std::unordered_map<std::string, IndexedBindings, StringHash, std::equal_to<>> by_key_;
};

/// Everything goes everywhere.
class FanoutIndex {
 public:
  void add(const Binding& binding) { bindings_.add(&binding); }
  void remove(const Binding& binding) { bindings_.remove(binding); }
  void match(const RoutingSubject&, Matches& out) const {
    out.insert(out.end(), bindings_.begin(), bindings_.end());
  }

 private:
  IndexedBindings bindings_;
};

class TopicIndex {
 public:
  void add(const Binding& binding) { trie_.add(binding.routing_key, &binding); }
  void remove(const Binding& binding) { trie_.remove(binding.routing_key, &binding); }
  void match(const RoutingSubject& subject, Matches& out) const {
    trie_.match(subject.routing_key(), out);
  }

 private:
  TopicTrie trie_;
};

class HeadersIndex {
 public:
  void add(const Binding& binding);
  void remove(const Binding& binding);
  void match(const RoutingSubject& subject, Matches& out) const;

 private:
  struct Row {
    const Binding* binding;
    HeadersMatch match;
    friend const Binding& binding_of(const Row& row) { return *row.binding; }
  };
  BindingList<in_index, Row> rows_;
};

/// How an exchange finds its bindings: one of the types of AMQP 0-9-1, or of RabbitMQ's plugins.
using RoutingIndex =
    std::variant<DirectIndex, FanoutIndex, TopicIndex, HeadersIndex, HashIndex, RandomIndex>;

inline constexpr std::array<std::string_view, 7> exchange_types{
    "direct", "fanout", "headers", "topic", "x-consistent-hash", "x-modulus-hash", "x-random"};

/// Throws amqp::Error{precondition_failed} when the exchange type does not exist.
void check_exchange_type(std::string_view type);

/// The index for an exchange. Throws amqp::Error{precondition_failed} when its type does not exist
/// or refuses its arguments.
RoutingIndex make_routing_index(const ExchangeSpec& spec);

}  // namespace leveret::broker
