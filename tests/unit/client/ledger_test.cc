#include "cli/bench/ledger.h"

#include <gtest/gtest.h>

namespace leveret::cli::bench {
namespace {

TEST(Stamp, ComesBackFromABody) {
  std::string body(40, 'x');
  write_stamp(body, {1, 2, 3, 4});
  const auto stamp = read_stamp(body);
  ASSERT_TRUE(stamp);
  EXPECT_EQ(stamp->run, 1U);
  EXPECT_EQ(stamp->producer, 2U);
  EXPECT_EQ(stamp->sequence, 3U);
  EXPECT_EQ(stamp->sent_ns, 4U);
  EXPECT_EQ(body.substr(stamp_bytes), std::string(40 - stamp_bytes, 'x'));
}

TEST(Stamp, KeepsTheLargestOfEachPart) {
  std::string body(stamp_bytes, 'x');
  const std::uint64_t sequence_max = (std::uint64_t{1} << 40) - 1;
  write_stamp(body, {run_mask, producers_max, sequence_max, 7});
  const auto stamp = read_stamp(body);
  ASSERT_TRUE(stamp);
  EXPECT_EQ(stamp->run, run_mask);
  EXPECT_EQ(stamp->producer, producers_max);
  EXPECT_EQ(stamp->sequence, sequence_max);
  EXPECT_EQ(stamp->sent_ns, 7U);
}

TEST(Stamp, IsAsOldAsTheClockSaysThoughItKeepsOnlyTheLowBits) {
  std::string body(stamp_bytes, 'x');
  const std::uint64_t sent_ns = (std::uint64_t{9} << 48) - 3;  // The low bits wrap right after it.
  write_stamp(body, {1, 0, 1, sent_ns});
  EXPECT_EQ(age_ns(*read_stamp(body), sent_ns + 1'000), 1'000U);
}

TEST(Stamp, IsNotInAShortBody) {
  EXPECT_FALSE(read_stamp(std::string(stamp_bytes - 1, 'x')));
}

TEST(Ledger, CountsDistinctAndDuplicates) {
  Ledger ledger(2);
  for (std::uint64_t sequence = 1; sequence <= 1000; ++sequence) ledger.record(0, sequence);
  ledger.record(1, 1);
  ledger.record(0, 64);
  ledger.record(0, 1000);
  EXPECT_EQ(ledger.distinct(), 1001U);
  EXPECT_EQ(ledger.duplicates(), 2U);
}

TEST(OrderCheck, EachProducerCountsForItself) {
  OrderCheck order(2, 1);
  order.record(0, 0, 5, false);
  order.record(1, 0, 1, false);
  order.record(0, 0, 9, false);
  EXPECT_EQ(order.violations(), 0U);
  order.record(0, 0, 7, false);
  EXPECT_EQ(order.violations(), 1U);
}

TEST(OrderCheck, EachQueueCountsForItself) {
  OrderCheck order(1, 2);
  order.record(0, 0, 5, false);
  order.record(0, 1, 4, false);
  EXPECT_EQ(order.violations(), 0U);
  order.record(0, 1, 4, false);
  EXPECT_EQ(order.violations(), 1U);
}

TEST(OrderCheck, RedeliveriesMayComeLate) {
  OrderCheck order(1, 1);
  order.record(0, 0, 5, false);
  order.record(0, 0, 2, true);
  EXPECT_EQ(order.violations(), 0U);
}

}  // namespace
}  // namespace leveret::cli::bench
