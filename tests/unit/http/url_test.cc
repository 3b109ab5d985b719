#include "http/url.h"

#include <gtest/gtest.h>

#include "http/error.h"

namespace leveret::http {
namespace {

using Segments = std::vector<std::string>;

TEST(PercentDecode, ReadsUpperAndLowerCaseDigits) {
  EXPECT_EQ(percent_decode("%2F%2f%c3%A4"), "//\xC3\xA4");
}

TEST(PercentDecode, LeavesAPlusAlone) {
  EXPECT_EQ(percent_decode("a+b"), "a+b");
}

TEST(PercentDecode, RefusesABrokenEscape) {
  for (const char* text : {"%", "%2", "a%", "%G0", "%0G", "%%%"})
    EXPECT_EQ(percent_decode(text), std::nullopt) << text;
}

TEST(PercentEncode, GivesBackWhatWasDecoded) {
  std::string all;
  for (int byte = 0; byte < 256; ++byte) all += static_cast<char>(byte);
  EXPECT_EQ(percent_decode(percent_encode(all)), all);
  EXPECT_EQ(percent_encode("a/b #"), "a%2Fb%20%23");
}

TEST(Target, CutsBeforeItDecodes) {
  const auto target = parse_target("/api/queues/%2F/a%2Fb");
  ASSERT_TRUE(target);
  EXPECT_EQ(target->segments, (Segments{"api", "queues", "/", "a/b"}));
}

TEST(Target, TheRootHasNoSegments) {
  EXPECT_EQ(parse_target("/")->segments, Segments{});
  EXPECT_EQ(parse_target("/?a=1")->segments, Segments{});
}

TEST(Target, AnEmptySegmentStays) {
  EXPECT_EQ(parse_target("/a//b/")->segments, (Segments{"a", "", "b", ""}));
}

TEST(Target, ReadsTheAbsoluteFormOfProxies) {
  EXPECT_EQ(parse_target("http://host:1/api/x?y=1")->segments, (Segments{"api", "x"}));
  EXPECT_EQ(parse_target("http://host")->segments, Segments{});
}

TEST(Target, RefusesWhatIsNoPath) {
  for (const char* text : {"", "*", "host:80", "api/overview", "/%", "/a/%zz"})
    EXPECT_FALSE(parse_target(text)) << text;
}

TEST(Query, FindsDecodedValues) {
  const Query query{"name=a%26b+c&empty=&flag&&name=second"};
  EXPECT_EQ(query.value("name"), "a&b c");
  EXPECT_EQ(query.raw("name"), "a%26b+c");
  EXPECT_EQ(query.value("empty"), "");
  EXPECT_EQ(query.value("other"), std::nullopt);
  EXPECT_TRUE(query.flag("flag"));
  EXPECT_FALSE(query.flag("other"));
}

TEST(Query, NumbersHaveLimits) {
  const Query query{"a=7&b=x&c=&d=-1&e=99999999999999999999"};
  EXPECT_EQ(query.number("a", 1, 7), 7U);
  EXPECT_EQ(query.number("missing", 1, 7), std::nullopt);
  EXPECT_THROW(static_cast<void>(query.number("a", 1, 6)), HttpError);
  for (const char* name : {"b", "c", "d", "e"})
    EXPECT_THROW(static_cast<void>(query.number(name, 0, UINT64_MAX)), HttpError) << name;
}

}  // namespace
}  // namespace leveret::http
