#include "broker/topic.h"

namespace leveret::broker {

struct TopicTrie::Node {
  std::unordered_map<std::string, std::unique_ptr<Node>, StringHash, std::equal_to<>> words;
  std::unique_ptr<Node> star;
  std::unique_ptr<Node> hash;
  IndexedBindings bindings;  // whose pattern ends here
  // The steps of match() that put it last among its nodes and among its hashes.
  mutable std::uint64_t reached_at = 0;
  mutable std::uint64_t hash_at = 0;

  bool is_empty() const { return words.empty() && !star && !hash && bindings.empty(); }
};

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
  for_each_pattern_word(pattern, [&](std::string_view word) {
    std::unique_ptr<Node>& child = word == "*"   ? node->star
                                   : word == "#" ? node->hash
                                                 : node->words[std::string{word}];
    if (!child) child = std::make_unique<Node>();
    node = child.get();
  });
  node->bindings.add(binding);
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
      const auto it = node->words.find(word);
      node = it == node->words.end() ? nullptr : it->second.get();
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
      parent->words.erase(parent->words.find(word));
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
    there_.clear();
    ++step_;
    const std::size_t hashes_before = hashes_.size();
    for (const Node* node : here_) {
      if (const auto it = node->words.find(word); it != node->words.end())
        enter(there_, it->second.get());
      enter(there_, node->star.get());
    }
    for (std::size_t i = 0; i < hashes_before; ++i) enter(there_, hashes_[i]);
    std::swap(here_, there_);
  }
  for (const Node* node : here_)
    out.insert(out.end(), node->bindings.begin(), node->bindings.end());
}

}  // namespace leveret::broker
