#include "broker/pattern.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace leveret::broker {
namespace {

bool matches(const std::string& pattern, const std::string& text) {
  return Pattern{pattern}.matches(text);
}

/// What is wrong with the pattern and where: "missing ) at 1".
std::string error_of(const std::string& pattern) {
  try {
    Pattern{pattern};
    return "none";
  } catch (const PatternError& error) {
    return std::string{error.what()} + " at " + std::to_string(error.position);
  }
}

std::string repeated(const std::string& text, int count) {
  std::string all;
  for (int i = 0; i < count; ++i) all += text;
  return all;
}

TEST(Pattern, IsSearchedForAnywhereInTheName) {
  EXPECT_TRUE(matches("job", "my.jobs"));
  EXPECT_TRUE(matches("", "anything"));
  EXPECT_TRUE(matches(".*", ""));
  EXPECT_FALSE(matches("job", "jo"));
}

TEST(Pattern, AnchorsHoldItToTheEnds) {
  EXPECT_TRUE(matches("^jobs$", "jobs"));
  EXPECT_FALSE(matches("^jobs$", "jobs.2"));
  EXPECT_FALSE(matches("^jobs$", "my.jobs"));
  EXPECT_TRUE(matches("\\Ajobs\\z", "jobs"));
  EXPECT_TRUE(matches("\\bjob\\b", "my.job.2"));
  EXPECT_FALSE(matches("\\bjob\\b", "myjob"));
}

TEST(Pattern, QuantifiersAndChoices) {
  EXPECT_TRUE(matches("^(a|bc)+$", "abca"));
  EXPECT_FALSE(matches("^(a|bc)+$", "abb"));
  EXPECT_TRUE(matches("^a{2,3}$", "aaa"));
  EXPECT_FALSE(matches("^a{2,3}$", "aaaa"));
  EXPECT_TRUE(matches("^a{2,}?$", "aaaa"));
  EXPECT_TRUE(matches("^a{,3}$", "a{,3}"));  // as in PCRE: no quantifier
  EXPECT_TRUE(matches("^(()*a?)*$", "aa"));
}

TEST(Pattern, Classes) {
  EXPECT_TRUE(matches("^[a-c_\\d]+$", "a_9"));
  EXPECT_FALSE(matches("^[^a-c]$", "b"));
  EXPECT_TRUE(matches("^[]a-]+$", "]-a"));
  EXPECT_TRUE(matches("^[[:upper:][:digit:]]+$", "A1"));
  EXPECT_TRUE(matches("^\\w+\\W\\s$", "a_1. "));
  EXPECT_TRUE(matches("^\\x41\\.\\Q.*\\E$", "A..*"));
}

TEST(Pattern, LooksAroundItself) {
  // RabbitMQ's own example: everything but the server's names.
  EXPECT_TRUE(matches("^(?!amq\\.).*", "jobs"));
  EXPECT_FALSE(matches("^(?!amq\\.).*", "amq.gen-1"));
  EXPECT_TRUE(matches("(?<=ab|c)d", "cd"));
  EXPECT_FALSE(matches("(?<=ab|c)d", "bd"));
  EXPECT_FALSE(matches("(?<!ab|c)d$", "abd"));
  EXPECT_TRUE(matches("a(?=b(?!c))", "abc.ab"));
}

TEST(Pattern, FlagsHoldToTheEndOfTheirGroup) {
  EXPECT_TRUE(matches("^(?i)jobs$", "JoBs"));
  EXPECT_TRUE(matches("^((?i)a)b$", "Ab"));
  EXPECT_FALSE(matches("^((?i)a)b$", "AB"));
  EXPECT_TRUE(matches("^(?i:a)b$", "Ab"));
}

TEST(Pattern, SaysWhatIsWrongInPcresWords) {
  EXPECT_EQ(error_of("("), "missing ) at 1");
  EXPECT_EQ(error_of("a)"), "unmatched parentheses at 1");
  EXPECT_EQ(error_of("*"), "nothing to repeat at 0");
  EXPECT_EQ(error_of("[a"), "missing terminating ] for character class at 2");
  EXPECT_EQ(error_of("[z-a]"), "range out of order in character class at 3");
  EXPECT_EQ(error_of("\\"), "\\ at end of pattern at 1");
  EXPECT_EQ(error_of("(?<=a*)b"), "lookbehind assertion is not fixed length at 6");
}

TEST(Pattern, RefusesWhatCannotBeFollowedWithoutTurningBack) {
  EXPECT_EQ(error_of("(a)\\1"), "back references are not supported at 3");
  EXPECT_EQ(error_of("a++"), "possessive quantifiers are not supported at 2");
  EXPECT_EQ(error_of("(?>a)"), "atomic groups are not supported at 0");
  EXPECT_EQ(error_of("(?R)"), "references to groups are not supported at 0");
}

TEST(Pattern, NeverRunsAway) {
  const std::string name(255, 'a');
  EXPECT_FALSE(matches("^(a+)+$", name + "b"));
  EXPECT_FALSE(matches("^(a|a)*(a|a)*(a|a)*b$", name));
  EXPECT_FALSE(matches("^(.*.*.*.*.*.*.*.*)x$", name));
  EXPECT_FALSE(matches(repeated("(?=a*", 50) + "b" + repeated(")", 50), name));
}

TEST(Pattern, ItsSizeIsLimited) {
  EXPECT_EQ(error_of(repeated("(", 200)), "parentheses are too deeply nested at 101");
  EXPECT_NE(error_of(std::string(5000, 'a')), "none");
  EXPECT_NE(error_of("((a{1000}){1000}){1000}"), "none");
  EXPECT_NE(error_of("((((){1000}){1000}){1000}){1000}"), "none");
  EXPECT_EQ(error_of("a{1001}"), "number too big in {} quantifier at 6");
}

}  // namespace
}  // namespace leveret::broker
