#include "base/clock.h"

#include <gtest/gtest.h>

namespace leveret {
namespace {

TEST(Clock, NeverGoesBackwards) {
  const Clock clock;
  TimeMs last = clock.now();
  for (int i = 0; i < 100000; ++i) {
    const TimeMs now = clock.now();
    ASSERT_GE(now, last);
    last = now;
  }
}

TEST(Clock, StartsFromTheWallClock) {
  const auto wall = [] {
    return std::chrono::duration_cast<std::chrono::milliseconds>(
               std::chrono::system_clock::now().time_since_epoch())
        .count();
  };
  const TimeMs before = wall();
  const Clock clock;
  EXPECT_GE(clock.now(), before);
  // A day's room: the test may be stopped between the two readings, but not mix up units.
  EXPECT_LT(clock.now(), wall() + 86'400'000);
}

}  // namespace
}  // namespace leveret
