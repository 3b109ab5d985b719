#include "broker/topic.h"

#include <algorithm>
#include <utility>

namespace leveret::broker {

/// The words that lead on from a node: a hash table that is one block of memory, where a look
/// costs one place of it and the node. Most nodes have none or one.
class TopicTrie::Children {
 public:
  bool empty() const { return count_ == 0; }
  /// Null when there is none.
  Node* find(std::size_t hash, std::string_view word) const;
  void add(std::unique_ptr<Node> child);
  void remove(const Node& child);

 private:
  std::size_t first_place(std::size_t hash) const { return hash & (places_.size() - 1); }
  std::size_t next_place(std::size_t place) const { return (place + 1) & (places_.size() - 1); }
  void put(std::unique_ptr<Node> child);

  std::vector<std::unique_ptr<Node>>
      places_;  // as many as a power of two, at most 3/4 of them used
  std::size_t count_ = 0;
};

struct TopicTrie::Node {
  std::size_t word_hash = 0;
  std::string word;  // that leads here; of `*` and `#` none
  std::unique_ptr<Node> star;
  std::unique_ptr<Node> hash;
  Children words;
  IndexedBindings bindings;  // whose pattern ends here
  // The steps of match() that put it last among its nodes and among its hashes.
  mutable std::uint64_t reached_at = 0;
  mutable std::uint64_t hash_at = 0;

  bool is_empty() const { return words.empty() && !star && !hash && bindings.empty(); }
};

TopicTrie::Node* TopicTrie::Children::find(std::size_t hash, std::string_view word) const {
  if (count_ == 0) return nullptr;
  for (std::size_t place = first_place(hash); places_[place]; place = next_place(place)) {
    Node* const node = places_[place].get();
    if (node->word_hash == hash && node->word == word) return node;
  }
  return nullptr;
}

void TopicTrie::Children::add(std::unique_ptr<Node> child) {
  if (++count_ * 4 > places_.size() * 3) {
    auto before = std::exchange(places_, {});
    places_.resize(std::max<std::size_t>(2, before.size() * 2));
    for (auto& node : before)
      if (node) put(std::move(node));
  }
  put(std::move(child));
}

void TopicTrie::Children::put(std::unique_ptr<Node> child) {
  std::size_t place = first_place(child->word_hash);
  while (places_[place]) place = next_place(place);
  places_[place] = std::move(child);
}

void TopicTrie::Children::remove(const Node& child) {
  std::size_t hole = first_place(child.word_hash);
  while (places_[hole].get() != &child) hole = next_place(hole);
  places_[hole].reset();
  --count_;
  // What stands behind the hole may have been pushed there by what is gone.
  for (std::size_t place = next_place(hole); places_[place]; place = next_place(place)) {
    auto moved = std::exchange(places_[place], nullptr);
    put(std::move(moved));
  }
}

namespace {

/// The words that are left of a key or pattern. An empty text has no word; "a." has two.
class Words {
 public:
  explicit Words(std::string_view text) : rest_(text), at_end_(text.empty()) {}
  bool at_end() const { return at_end_; }
  std::string_view next() {
    const std::size_t dot = rest_.find('.');
    const std::string_view word = rest_.substr(0, dot);
    at_end_ = dot == std::string_view::npos;
    if (!at_end_) rest_.remove_prefix(dot + 1);
    return word;
  }

 private:
  std::string_view rest_;
  bool at_end_;
};

/// `a.#.#.b` means `a.#.b`: runs of `#` are folded, so that a hostile pattern costs no more than a
/// plain one (CVE-2026-67419).
template <class F>
void for_each_pattern_word(std::string_view pattern, F on_word) {
  Words words{pattern};
  bool after_hash = false;
  while (!words.at_end()) {
    const std::string_view word = words.next();
    if (word == "#" && after_hash) continue;
    after_hash = word == "#";
    on_word(word);
  }
}

}  // namespace

TopicTrie::TopicTrie() : root_(std::make_unique<Node>()) {}
TopicTrie::~TopicTrie() = default;
TopicTrie::TopicTrie(TopicTrie&&) noexcept = default;
TopicTrie& TopicTrie::operator=(TopicTrie&&) noexcept = default;

void TopicTrie::add(std::string_view pattern, const Binding* binding) {
  Node* node = root_.get();
  for_each_pattern_word(pattern, [&](std::string_view word) { node = &child_of(*node, word); });
  node->bindings.add(binding);
}

TopicTrie::Node& TopicTrie::child_of(Node& node, std::string_view word) {
  if (word == "*" || word == "#") {
    std::unique_ptr<Node>& child = word == "*" ? node.star : node.hash;
    if (!child) child = std::make_unique<Node>();
    return *child;
  }
  const std::size_t hash = StringHash{}(word);
  if (Node* found = node.words.find(hash, word)) return *found;
  auto child = std::make_unique<Node>();
  child->word_hash = hash;
  child->word = word;
  Node& added = *child;
  node.words.add(std::move(child));
  return added;
}

void TopicTrie::remove(std::string_view pattern, const Binding* binding) {
  std::vector<std::pair<Node*, std::string_view>> path;  // node and the word that leads on from it
  Node* node = root_.get();
  bool exists = true;
  for_each_pattern_word(pattern, [&](std::string_view word) {
    if (!exists) return;
    path.emplace_back(node, word);
    if (word == "*") {
      node = node->star.get();
    } else if (word == "#") {
      node = node->hash.get();
    } else {
      node = node->words.find(StringHash{}(word), word);
    }
    exists = node != nullptr;
  });
  if (!exists) return;
  node->bindings.remove(*binding);
  for (auto step = path.rbegin(); step != path.rend() && node->is_empty(); ++step) {
    const auto& [parent, word] = *step;
    if (word == "*") {
      parent->star.reset();
    } else if (word == "#") {
      parent->hash.reset();
    } else {
      parent->words.remove(*node);
    }
    node = parent;
  }
}

void TopicTrie::match(std::string_view key, std::vector<const Binding*>& out) const {
  const std::uint64_t first_step = ++step_;
  // `#` may stand for no word at all: being before it is being behind it too. And once entered, it
  // may swallow every further word.
  const auto enter = [&](Nodes& nodes, const Node* node) {
    while (node != nullptr && node->reached_at != step_) {
      node->reached_at = step_;
      nodes.push_back(node);
      node = node->hash.get();
      if (node == nullptr || node->hash_at >= first_step) continue;
      node->hash_at = step_;
      hashes_.push_back(node);
    }
  };
  // here_: all nodes that the words read so far can have led to, each once, so that several `#` in
  // one pattern cannot multiply the work.
  here_.clear();
  hashes_.clear();
  enter(here_, root_.get());
  Words words{key};
  while (!words.at_end()) {
    const std::string_view word = words.next();
    const std::size_t hash = StringHash{}(word);
    there_.clear();
    ++step_;
    const std::size_t hashes_before = hashes_.size();
    for (const Node* node : here_) {
      enter(there_, node->words.find(hash, word));
      enter(there_, node->star.get());
    }
    for (std::size_t i = 0; i < hashes_before; ++i) enter(there_, hashes_[i]);
    std::swap(here_, there_);
  }
  for (const Node* node : here_)
    out.insert(out.end(), node->bindings.begin(), node->bindings.end());
}

}  // namespace leveret::broker
