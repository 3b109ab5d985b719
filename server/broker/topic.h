#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "broker/binding.h"

namespace leveret::broker {

/// Hashing that lets maps keyed by std::string be searched by std::string_view without a copy.
struct StringHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const noexcept {
    return std::hash<std::string_view>{}(text);
  }
};

/// Topic patterns as a trie of words: `*` is exactly one word, `#` zero or more, words are
/// separated by dots and may be empty (RabbitMQ, rabbit_exchange_type_topic.erl). A match costs the
/// words of the key times the wildcards on its way, whatever the number of bindings.
class TopicTrie {
 public:
  TopicTrie();
  ~TopicTrie();
  TopicTrie(TopicTrie&&) noexcept;
  TopicTrie& operator=(TopicTrie&&) noexcept;

  void add(std::string_view pattern, const Binding* binding);
  void remove(std::string_view pattern, const Binding* binding);
  /// Appends the bindings whose pattern matches `key`; one that matches in several ways may come
  /// again.
  void match(std::string_view key, std::vector<const Binding*>& out) const;

 private:
  struct Node;
  class Children;
  static Node& child_of(Node& node, std::string_view word);
  using Nodes = std::vector<const Node*>;
  std::unique_ptr<Node> root_;
  mutable std::uint64_t step_ = 0;  // rises with every word that match() reads
  // Scratch of match(), kept so that a publish does not allocate.
  mutable Nodes here_;
  mutable Nodes there_;
  mutable Nodes hashes_;
};

}  // namespace leveret::broker
