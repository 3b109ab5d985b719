#include "broker/headers_match.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "amqp/reply_code.h"

namespace leveret::broker {
namespace {

using amqp::Table;
using amqp::Value;

bool matches(const Table& binding, const Table& headers) {
  return HeadersMatch{binding}.matches(headers);
}

std::string error_of(const Table& binding) {
  try {
    HeadersMatch match{binding};
    return "none";
  } catch (const amqp::Error& error) {
    return error.close_text();
  }
}

TEST(HeadersMatch, AllIsTheDefaultAndWantsEveryHeader) {
  const Table binding{{"type", "video"}, {"size", 3}};
  EXPECT_TRUE(matches(binding, {{"type", "video"}, {"size", 3}, {"more", 1}}));
  EXPECT_FALSE(matches(binding, {{"type", "video"}}));
  EXPECT_FALSE(matches(binding, {{"type", "video"}, {"size", 4}}));
}

TEST(HeadersMatch, AnyWantsOneHeader) {
  const Table binding{{"x-match", "any"}, {"type", "video"}, {"size", 3}};
  EXPECT_TRUE(matches(binding, {{"type", "audio"}, {"size", 3}}));
  EXPECT_FALSE(matches(binding, {{"type", "audio"}}));
}

TEST(HeadersMatch, WithoutWantedHeadersAllMatchesEverythingAndAnyNothing) {
  EXPECT_TRUE(matches({}, {}));
  EXPECT_TRUE(matches({{"x-match", "all"}}, {{"a", 1}}));
  EXPECT_FALSE(matches({{"x-match", "any"}}, {{"a", 1}}));
}

TEST(HeadersMatch, HeadersThatStartWithXAreSkippedUnlessAskedFor) {
  EXPECT_TRUE(matches({{"x-id", 1}}, {}));
  EXPECT_FALSE(matches({{"x-match", "any"}, {"x-id", 1}}, {{"x-id", 1}}));
  EXPECT_FALSE(matches({{"x-match", "all-with-x"}, {"x-id", 1}}, {}));
  EXPECT_TRUE(matches({{"x-match", "any-with-x"}, {"x-id", 1}}, {{"x-id", 1}}));
}

TEST(HeadersMatch, AVoidValueAsksOnlyForPresence) {
  EXPECT_TRUE(matches({{"type", Value{}}}, {{"type", "anything"}}));
  EXPECT_FALSE(matches({{"type", Value{}}}, {{"kind", "anything"}}));
}

TEST(HeadersMatch, IntegersCompareByValueWhateverTheirWidth) {
  EXPECT_TRUE(matches({{"n", std::int32_t{7}}}, {{"n", std::int64_t{7}}}));
  EXPECT_FALSE(matches({{"n", std::int32_t{7}}}, {{"n", "7"}}));
  EXPECT_FALSE(matches({{"n", 1}}, {{"n", true}}));
}

TEST(HeadersMatch, OtherModesAreRefusedWithRabbitMqsWords) {
  EXPECT_EQ(error_of({{"x-match", "some"}}),
            "PRECONDITION_FAILED - Invalid x-match field value <<\"some\">>; expected all, any, "
            "all-with-x, or any-with-x");
  EXPECT_THAT(error_of({{"x-match", 1}}), ::testing::HasSubstr("Invalid x-match field type"));
}

}  // namespace
}  // namespace leveret::broker
