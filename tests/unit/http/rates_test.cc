#include "http/rates.h"

#include <gtest/gtest.h>

namespace leveret::http {
namespace {

broker::MessageStats published(std::uint64_t count) {
  broker::MessageStats stats;
  stats.publish = count;
  return stats;
}

TEST(Rates, NothingIsKnownFromOneSample) {
  RateWindow window;
  EXPECT_EQ(window.rate("publish"), 0);
  window.add(1000, published(500));
  EXPECT_EQ(window.rate("publish"), 0);
}

TEST(Rates, EventsPerSecond) {
  RateWindow window;
  window.add(1000, published(0));
  window.add(2000, published(10));
  EXPECT_DOUBLE_EQ(window.rate("publish"), 10);
  window.add(3000, published(40));
  EXPECT_DOUBLE_EQ(window.rate("publish"), 20);
  EXPECT_DOUBLE_EQ(window.rate("ack"), 0);
}

TEST(Rates, LookBackFiveSeconds) {
  RateWindow window;
  for (std::uint64_t second = 0; second <= 60; ++second)
    window.add(static_cast<TimeMs>(second) * 1000,
               published(second < 30 ? second * 100 : 3000 + second));
  EXPECT_DOUBLE_EQ(window.rate("publish"), 1);
}

TEST(Rates, ABurstAfterQuietIsSpreadOverTheWindow) {
  RateWindow window;
  for (TimeMs second = 0; second < 100; ++second) window.add(second * 1000, published(7));
  EXPECT_EQ(window.sample_count(), 1U);
  window.add(100'000, published(57));
  EXPECT_DOUBLE_EQ(window.rate("publish"), 10);
}

TEST(Rates, FallToZeroWhenNothingHappens) {
  RateWindow window;
  window.add(0, published(0));
  window.add(1000, published(100));
  for (TimeMs second = 2; second <= 7; ++second) window.add(second * 1000, published(100));
  EXPECT_EQ(window.rate("publish"), 0);
  EXPECT_EQ(window.sample_count(), 1U);
}

TEST(Rates, AnotherQueueOfTheSameNameStartsAnew) {
  RateWindow window;
  window.add(0, published(1000));
  window.add(1000, published(3));
  EXPECT_EQ(window.rate("publish"), 0);
  window.add(2000, published(5));
  EXPECT_DOUBLE_EQ(window.rate("publish"), 2);
}

TEST(Rates, MemoryIsBounded) {
  RateWindow window;
  for (std::uint64_t i = 0; i < 1000; ++i) window.add(static_cast<TimeMs>(i) * 1000, published(i));
  EXPECT_LE(window.sample_count(), 7U);
}

TEST(Rates, CountersAreSortedByName) {
  for (std::size_t i = 1; i < counters.size(); ++i)
    EXPECT_LT(counters[i - 1].name, counters[i].name);
}

}  // namespace
}  // namespace leveret::http
