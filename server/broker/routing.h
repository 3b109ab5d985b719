#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <variant>
#include <vector>

#include "amqp/table.h"
#include "broker/headers_match.h"
#include "broker/topic.h"

namespace leveret::broker {

class Exchange;
class Queue;

/// Routes from `source` to one queue or one exchange.
struct Binding {
  Exchange* source = nullptr;
  Queue* queue = nullptr;        // the destination: either this
  Exchange* exchange = nullptr;  // or this
  std::string routing_key;
  amqp::Table arguments;
  bool is_durable = false;  // stored: both its ends are
};

/// What routing looks at. The headers are decoded when an index asks for them, once per message.
class RoutingSubject {
 public:
  RoutingSubject(std::string_view routing_key, std::string_view raw_headers)
      : routing_key_(routing_key), raw_headers_(raw_headers) {}

  std::string_view routing_key() const { return routing_key_; }
  std::string_view raw_headers() const { return raw_headers_; }
  const amqp::Table& headers() const;

 private:
  std::string_view routing_key_;
  std::string_view raw_headers_;
  mutable std::optional<amqp::Table> headers_;
};

using Matches = std::vector<const Binding*>;

/// The routing key equals the binding key.
class DirectIndex {
 public:
  void add(const Binding& binding);
  void remove(const Binding& binding);
  void match(const RoutingSubject& subject, Matches& out) const;

 private:
  std::unordered_map<std::string, std::vector<const Binding*>, StringHash, std::equal_to<>> by_key_;
};

/// Everything goes everywhere.
class FanoutIndex {
 public:
  void add(const Binding& binding) { bindings_.push_back(&binding); }
  void remove(const Binding& binding) { std::erase(bindings_, &binding); }
  void match(const RoutingSubject&, Matches& out) const {
    out.insert(out.end(), bindings_.begin(), bindings_.end());
  }

 private:
  std::vector<const Binding*> bindings_;
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
  };
  std::vector<Row> rows_;
};

/// How an exchange finds its bindings: one of the four types of AMQP 0-9-1.
using RoutingIndex = std::variant<DirectIndex, FanoutIndex, TopicIndex, HeadersIndex>;

/// The index for an exchange type's name; nothing for a type that does not exist.
std::optional<RoutingIndex> make_routing_index(std::string_view type);

}  // namespace leveret::broker
