#include "auth/backoff.h"

#include <gtest/gtest.h>

#include <string>

namespace leveret::auth {
namespace {

using std::chrono::milliseconds;

struct BackoffTest : testing::Test {
  Backoff backoff;
  Backoff::Time now = Backoff::Time{} + std::chrono::hours{1};

  void fail(int times, const std::string& address = "a") {
    for (int i = 0; i < times; ++i) backoff.failed("u", address, now);
  }
};

TEST_F(BackoffTest, SomeFailuresCostNothing) {
  fail(Backoff::free_failures - 1);
  EXPECT_EQ(backoff.delay("u", "a", now), milliseconds{0});
  fail(1);
  EXPECT_EQ(backoff.delay("u", "a", now), Backoff::delay_first);
}

TEST_F(BackoffTest, TheDelayDoublesUpToALimit) {
  fail(Backoff::free_failures + 2);
  EXPECT_EQ(backoff.delay("u", "a", now), 4 * Backoff::delay_first);
  fail(10'000);
  now += std::chrono::minutes{1};
  EXPECT_EQ(backoff.delay("u", "a", now), Backoff::delay_max);
}

TEST_F(BackoffTest, AttemptsAtTheSameTimeStandInLineAndALongLineIsRefused) {
  fail(Backoff::free_failures + 10);
  EXPECT_EQ(backoff.delay("u", "a", now), Backoff::delay_max);
  EXPECT_EQ(backoff.delay("u", "a", now), 2 * Backoff::delay_max);
  EXPECT_FALSE(backoff.delay("u", "a", now));
  now += 2 * Backoff::delay_max;
  EXPECT_EQ(backoff.delay("u", "a", now), Backoff::delay_max);
}

TEST_F(BackoffTest, OthersDoNotWait) {
  fail(10);
  EXPECT_EQ(backoff.delay("v", "a", now), milliseconds{0});
  EXPECT_EQ(backoff.delay("u", "b", now), milliseconds{0});
}

TEST_F(BackoffTest, AUserTriedFromManyAddressesWaitsButNotLong) {
  for (unsigned i = 0; i < Backoff::free_failures_of_user + 20; ++i) fail(1, std::to_string(i));
  EXPECT_EQ(backoff.delay("u", "new", now), Backoff::delay_of_user_max);
  EXPECT_EQ(backoff.delay("u", "newer", now), Backoff::delay_of_user_max);
  EXPECT_EQ(backoff.delay("v", "1", now), milliseconds{0});
}

TEST_F(BackoffTest, AnAddressThatTriesManyUsersWaitsButNotLong) {
  for (unsigned i = 0; i < Backoff::free_failures_of_address - 1; ++i)
    backoff.failed(std::to_string(i), "a", now);
  EXPECT_EQ(backoff.delay("v", "a", now), milliseconds{0});
  for (int i = 0; i < 20; ++i) backoff.failed("w" + std::to_string(i), "a", now);
  EXPECT_EQ(backoff.delay("v", "a", now), Backoff::delay_of_address_max);
  EXPECT_EQ(backoff.delay("v", "a", now), Backoff::delay_of_address_max);
  EXPECT_EQ(backoff.delay("v", "b", now), milliseconds{0});
}

// It may be the address of many, with a client among them that never gives up.
TEST_F(BackoffTest, AnAddressHasAFailureBackEachSecond) {
  for (int i = 0; i < 1000; ++i) {
    backoff.failed("u" + std::to_string(i), "a", now);
    now += std::chrono::seconds{1};
  }
  EXPECT_EQ(backoff.delay("v", "a", now), milliseconds{0});
}

TEST_F(BackoffTest, ASuccessOrALongTimeForgives) {
  fail(10);
  backoff.succeeded("u", "a");
  EXPECT_EQ(backoff.delay("u", "a", now), milliseconds{0});
  fail(5);
  now += Backoff::memory + milliseconds{1};
  EXPECT_EQ(backoff.delay("u", "a", now), milliseconds{0});
}

TEST_F(BackoffTest, RemembersABoundedNumber) {
  fail(10);
  for (std::size_t i = 0; i < Backoff::entries_max; ++i)
    backoff.failed("name " + std::to_string(i), "b", now);
  EXPECT_EQ(backoff.size(), Backoff::entries_max);
  EXPECT_EQ(backoff.delay("u", "a", now), milliseconds{0});
}

}  // namespace
}  // namespace leveret::auth
