#include "base/random.h"

#include <gtest/gtest.h>

#include <set>

namespace leveret {
namespace {

TEST(RandomName, IsThePrefixAnd22UrlSafeCharacters) {
  const std::string name = random_name("amq.gen-");
  ASSERT_EQ(name.size(), 8U + 22U);
  EXPECT_TRUE(name.starts_with("amq.gen-"));
  EXPECT_EQ(
      name.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_", 8),
      std::string::npos);
  EXPECT_EQ(random_name("").size(), 22U);
}

TEST(RandomName, DoesNotRepeatAndUsesEveryCharacter) {
  std::set<std::string> names;
  std::set<char> characters;
  for (int i = 0; i < 1000; ++i) {
    const std::string name = random_name("");
    characters.insert(name.begin(), name.end());
    EXPECT_TRUE(names.insert(name).second);
  }
  EXPECT_EQ(characters.size(), 64U);
}

}  // namespace
}  // namespace leveret
