#include "http/death.h"

#include <gtest/gtest.h>

#include <limits>

namespace leveret::http {
namespace {

using amqp::Array;
using amqp::Table;
using amqp::Timestamp;

Table entry(const char* reason, const char* queue, std::int64_t count, std::uint64_t time) {
  return {{"count", count},          {"reason", reason},   {"queue", queue},
          {"time", Timestamp{time}}, {"exchange", "jobs"}, {"routing-keys", Array{"a", "b"}}};
}

TEST(Death, IsTheNewestEntry) {
  const Table headers{
      {"x-death", Array{entry("rejected", "emails", 2, 500), entry("expired", "wait", 3, 400)}}};
  const auto death = read_death(headers);
  ASSERT_TRUE(death);
  EXPECT_EQ(death->reason, "rejected");
  EXPECT_EQ(death->queue, "emails");
  EXPECT_EQ(death->exchange, "jobs");
  EXPECT_EQ(death->routing_keys, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(death->count, 2);
  EXPECT_EQ(death->time, 500);
  EXPECT_EQ(death->first_death_time, 400);
  EXPECT_EQ(death->total_count, 5);
}

TEST(Death, HostileHeadersAreNotDeaths) {
  EXPECT_FALSE(read_death({}));
  EXPECT_FALSE(read_death({{"x-death", "text"}}));
  EXPECT_FALSE(read_death({{"x-death", Array{}}}));
  EXPECT_FALSE(read_death({{"x-death", Array{"text"}}}));
  const auto empty = read_death({{"x-death", Array{Table{}}}});
  ASSERT_TRUE(empty);
  EXPECT_EQ(empty->reason, "");
  const auto odd =
      read_death({{"x-death", Array{Table{{"reason", 7}, {"count", "x"}, {"routing-keys", 1}}}}});
  ASSERT_TRUE(odd);
  EXPECT_EQ(odd->count, 0);
}

TEST(Death, WhatIsNoDeathAmongThemIsSkipped) {
  const auto death =
      read_death({{"x-death", Array{entry("rejected", "emails", 2, 500), amqp::ByteArray{"x"},
                                    "text", entry("expired", "wait", 3, 400)}}});
  ASSERT_TRUE(death);
  EXPECT_EQ(death->queue, "emails");
  EXPECT_EQ(death->total_count, 5);
}

TEST(Death, CountsThatAClientMadeUpDoNotOverflow) {
  const std::int64_t most = std::numeric_limits<std::int64_t>::max();
  const auto death = read_death({{"x-death", Array{entry("rejected", "emails", most, 500),
                                                   entry("expired", "wait", most, 400)}}});
  ASSERT_TRUE(death);
  EXPECT_EQ(death->total_count, most);
  const auto negative = read_death({{"x-death", Array{entry("rejected", "emails", -5, 500)}}});
  EXPECT_EQ(negative->total_count, 0);
}

TEST(DeathError, TheFirstKnownHeaderCounts) {
  EXPECT_EQ(read_error({{"error", "b"}, {"x-error", "a"}}), "a");
  EXPECT_EQ(read_error({{"exception", "e"}, {"MT-Fault-Message", "m"}}), "m");
  EXPECT_EQ(read_error({{"x-exception-message", "s"}}), "s");
  EXPECT_EQ(read_error({{"error", 42}}), "42");
  EXPECT_EQ(read_error({{"other", "x"}}), std::nullopt);
  EXPECT_EQ(read_error({{"x-error", amqp::Value{}}, {"error", "b"}}), "b");
}

TEST(NormaliseError, NumbersIdentifiersAndQuotedText) {
  EXPECT_EQ(normalise_error("retry in 300 s"), "retry in # s");
  EXPECT_EQ(normalise_error("SMTP 451 4.7.1 Greylisted"), "SMTP # # Greylisted");
  EXPECT_EQ(normalise_error("KeyError: 'user' at capture.py:88"),
            "KeyError: {str} at capture.py:#");
  EXPECT_EQ(normalise_error("order 3f2504e0-4f89-11d3-9a0c-0305e82c3301 gone"), "order {id} gone");
  EXPECT_EQ(normalise_error("at 0x7ffe12ab: dead5beef0 \"x\""), "at {id}: {id} {str}");
  EXPECT_EQ(normalise_error("job17 failed"), "job# failed");
}

TEST(NormaliseError, OrdinaryWordsStay) {
  EXPECT_EQ(normalise_error("can't decode a bad face, added feedface"),
            "can't decode a bad face, added feedface");
  EXPECT_EQ(normalise_error("an \"open quote"), "an \"open quote");
  EXPECT_EQ(normalise_error(""), "");
}

TEST(NormaliseError, OneLineOf160Characters) {
  EXPECT_EQ(normalise_error("first\nsecond"), "first");
  EXPECT_EQ(normalise_error(std::string(500, 'x')).size(), 160U);
  std::string umlauts;
  for (int i = 0; i < 200; ++i) umlauts += "\xC3\xA4";
  EXPECT_EQ(normalise_error(umlauts).size(), 320U);
}

TEST(NormaliseError, HostileTextEnds) {
  std::string dashes;
  while (dashes.size() < 1'000'000) dashes += "1-";
  EXPECT_LE(normalise_error(dashes).size(), 160U);
  EXPECT_LE(normalise_error(std::string(1'000'000, '\'')).size(), 160U * 5);
}

}  // namespace
}  // namespace leveret::http
