#include "lib/backoff.h"

#include <gtest/gtest.h>

namespace leveret::client {
namespace {

using std::chrono::milliseconds;

TEST(Backoff, EveryWaitIsWithinItsBound) {
  Backoff backoff(milliseconds{100}, milliseconds{1000}, 1);
  for (const int bound : {100, 200, 400, 800, 1000, 1000, 1000}) {
    const auto wait = backoff.next();
    EXPECT_GE(wait, milliseconds{bound / 10});
    EXPECT_LE(wait, milliseconds{bound});
  }
}

TEST(Backoff, ResetStartsOver) {
  Backoff backoff(milliseconds{100}, milliseconds{100'000}, 1);
  for (int i = 0; i < 8; ++i) backoff.next();
  backoff.reset();
  EXPECT_LE(backoff.next(), milliseconds{100});
}

TEST(Backoff, ClientsDoNotWaitAlike) {
  Backoff one(milliseconds{10'000}, milliseconds{10'000}, 1);
  Backoff other(milliseconds{10'000}, milliseconds{10'000}, 2);
  EXPECT_NE(one.next(), other.next());
}

}  // namespace
}  // namespace leveret::client
