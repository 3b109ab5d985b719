#include "broker/topic.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <random>

#include "broker/routing.h"

namespace leveret::broker {
namespace {

using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

/// A trie of patterns that answers with the patterns that match.
class Patterns {
 public:
  Patterns() = default;
  explicit Patterns(const std::vector<std::string>& patterns) {
    for (const std::string& pattern : patterns) add(pattern);
  }
  void add(const std::string& pattern) {
    Binding& binding = bindings_.emplace_back();
    binding.routing_key = pattern;
    trie_.add(pattern, &binding);
  }
  void remove(const std::string& pattern) {
    const auto it = std::ranges::find(bindings_, pattern, &Binding::routing_key);
    trie_.remove(pattern, &*it);
    it->routing_key = "(removed)";
  }
  std::vector<std::string> matching(std::string_view key) const {
    std::vector<const Binding*> found;
    trie_.match(key, found);
    std::ranges::sort(found);
    found.erase(std::ranges::unique(found).begin(), found.end());
    std::vector<std::string> names;
    for (const Binding* binding : found) names.push_back(binding->routing_key);
    return names;
  }

 private:
  TopicTrie trie_;
  std::deque<Binding> bindings_;
};

bool matches(const std::string& pattern, std::string_view key) {
  return !Patterns{{pattern}}.matching(key).empty();
}

TEST(Topic, StarIsExactlyOneWord) {
  EXPECT_TRUE(matches("a.*.c", "a.b.c"));
  EXPECT_FALSE(matches("a.*.c", "a.c"));
  EXPECT_FALSE(matches("a.*.c", "a.b.b.c"));
  EXPECT_TRUE(matches("*", "a"));
  EXPECT_FALSE(matches("*", ""));
  EXPECT_FALSE(matches("*", "a.b"));
}

TEST(Topic, HashIsAnyNumberOfWords) {
  EXPECT_TRUE(matches("#", ""));
  EXPECT_TRUE(matches("#", "a.b.c"));
  EXPECT_TRUE(matches("a.#", "a"));
  EXPECT_TRUE(matches("a.#.c", "a.c"));
  EXPECT_TRUE(matches("a.#.c", "a.b.b.c"));
  EXPECT_TRUE(matches("#.c", "c"));
  EXPECT_FALSE(matches("a.#", "b"));
  EXPECT_FALSE(matches("#.c", "c.d"));
}

TEST(Topic, EmptyWordsCount) {
  EXPECT_TRUE(matches("a..b", "a..b"));
  EXPECT_FALSE(matches("a..b", "a.b"));
  EXPECT_TRUE(matches("a.*.b", "a..b"));
  EXPECT_TRUE(matches("a.*", "a."));
  EXPECT_FALSE(matches("a", "a."));
  EXPECT_TRUE(matches("*.*", "."));
  EXPECT_TRUE(matches("", ""));
  EXPECT_FALSE(matches("", "a"));
}

TEST(Topic, WildcardsAreWholeWordsOnly) {
  EXPECT_TRUE(matches("a*", "a*"));
  EXPECT_FALSE(matches("a*", "ab"));
  EXPECT_FALSE(matches("a#", "a.b"));
  EXPECT_TRUE(matches("*.#", "#"));
}

TEST(Topic, HashNextToOthersNeedsTheirWords) {
  EXPECT_TRUE(matches("#.*", "a"));
  EXPECT_FALSE(matches("#.*", ""));
  EXPECT_FALSE(matches("*.#.*", "a"));
  EXPECT_TRUE(matches("*.#.*", "a.b"));
  EXPECT_TRUE(matches("#.#", ""));
  EXPECT_TRUE(matches("#.a.#.a.#", "b.a.b.a"));
  EXPECT_FALSE(matches("#.a.#.a.#", "b.a.b"));
}

TEST(Topic, FindsAllThatMatch) {
  const Patterns patterns{{"a.b", "a.*", "a.#", "#", "*.b", "b.#", "a.b.c", "#.b"}};
  EXPECT_THAT(patterns.matching("a.b"),
              UnorderedElementsAre("a.b", "a.*", "a.#", "#", "*.b", "#.b"));
}

TEST(Topic, RemovingOneLeavesTheOthersOfThePath) {
  Patterns patterns{{"a.b.c", "a.b", "a.#.c", "a.*"}};
  patterns.remove("a.b");
  EXPECT_THAT(patterns.matching("a.b.c"), UnorderedElementsAre("a.b.c", "a.#.c"));
  EXPECT_THAT(patterns.matching("a.b"), UnorderedElementsAre("a.*"));
  patterns.remove("a.b.c");
  patterns.remove("a.#.c");
  patterns.remove("a.*");
  EXPECT_THAT(patterns.matching("a.b"), IsEmpty());
}

TEST(Topic, RemovingOneOfTwoEqualPatternsLeavesTheOther) {
  Patterns patterns{{"a.#", "a.#.#"}};
  patterns.remove("a.#");
  EXPECT_THAT(patterns.matching("a.b"), UnorderedElementsAre("a.#.#"));
}

TEST(Topic, ManyHashesCostNoMoreThanTheirNumber) {
  // A matcher that tries every way to share the words among the hashes would never end.
  std::string pattern = "#";
  for (int i = 0; i < 50; ++i) pattern += ".a.#";
  std::string key = "a";
  for (int i = 0; i < 120; ++i) key += ".a";
  EXPECT_TRUE(matches(pattern, key));
  EXPECT_FALSE(matches(pattern + ".b", key));
  std::string hashes = "#";
  for (int i = 0; i < 120; ++i) hashes += ".#";
  EXPECT_TRUE(matches(hashes, key));
}

TEST(Topic, ManyPatternsThatMatchTogetherAreEachFollowedOnce) {
  // Every word as itself or as a star: 4096 ways through the trie at the last word.
  Patterns patterns;
  constexpr unsigned words = 12;
  for (unsigned mask = 0; mask < 1U << words; ++mask) {
    std::string pattern;
    for (unsigned i = 0; i < words; ++i) {
      if (i > 0) pattern += ".";
      pattern += (mask >> i & 1U) != 0 ? "*" : "a";
    }
    patterns.add(pattern);
  }
  EXPECT_EQ(patterns.matching("a.a.a.a.a.a.a.a.a.a.a.a").size(), 1U << words);
}

std::vector<std::string> split(const std::string& text) {
  std::vector<std::string> words;
  if (text.empty()) return words;
  std::size_t from = 0;
  while (true) {
    const std::size_t dot = text.find('.', from);
    words.push_back(text.substr(from, dot - from));
    if (dot == std::string::npos) return words;
    from = dot + 1;
  }
}

/// The definition, by recursion.
bool naive_match(const std::vector<std::string>& pattern, std::size_t p,
                 const std::vector<std::string>& key, std::size_t k) {
  if (p == pattern.size()) return k == key.size();
  if (pattern[p] == "#") {
    for (std::size_t to = k; to <= key.size(); ++to)
      if (naive_match(pattern, p + 1, key, to)) return true;
    return false;
  }
  if (k == key.size()) return false;
  return (pattern[p] == "*" || pattern[p] == key[k]) && naive_match(pattern, p + 1, key, k + 1);
}

TEST(Topic, AgreesWithTheDefinitionOnRandomPatterns) {
  std::mt19937 random{20240610};
  const auto text = [&](const std::vector<std::string>& words, unsigned length_max) {
    std::string made;
    const unsigned length = static_cast<unsigned>(random()) % (length_max + 1);
    for (unsigned i = 0; i < length; ++i)
      made += (i > 0 ? "." : "") + words[random() % words.size()];
    return made;
  };
  Patterns trie;
  std::vector<std::string> patterns;
  for (int step = 0; step < 3000; ++step) {
    if (patterns.size() < 60 || random() % 2 == 0) {
      const std::string pattern = text({"a", "b", "*", "#", "#", ""}, 6);
      if (std::ranges::find(patterns, pattern) == patterns.end()) {
        patterns.push_back(pattern);
        trie.add(pattern);
      }
    } else {
      const std::size_t at = random() % patterns.size();
      trie.remove(patterns[at]);
      patterns.erase(patterns.begin() + static_cast<std::ptrdiff_t>(at));
    }
    const std::string key = text({"a", "b", "c", ""}, 6);
    std::vector<std::string> expected;
    for (const std::string& pattern : patterns)
      if (naive_match(split(pattern), 0, split(key), 0)) expected.push_back(pattern);
    ASSERT_THAT(trie.matching(key), ::testing::UnorderedElementsAreArray(expected))
        << "key '" << key << "' at step " << step;
  }
}

}  // namespace
}  // namespace leveret::broker
