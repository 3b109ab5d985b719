#include "base/histogram.h"

#include <gtest/gtest.h>

#include <array>
#include <vector>

namespace leveret {
namespace {

constexpr std::array bounds{1.0, 10.0};
using Counts = std::vector<std::uint64_t>;

TEST(Histogram, PutsAValueIntoTheFirstRangeWhoseBoundItDoesNotExceed) {
  Histogram histogram{bounds};
  for (const double value : {0.5, 1.0, 1.5, 10.0, 11.0}) histogram.add(value);
  EXPECT_EQ(histogram.counts(), (Counts{2, 2, 1}));
  EXPECT_EQ(histogram.sum(), 24.0);
}

TEST(Histogram, AddsUp) {
  Histogram one{bounds};
  Histogram other{bounds};
  one.add(1);
  other.add(2);
  one += other;
  EXPECT_EQ(one.counts(), (Counts{1, 1, 0}));
  Histogram none;
  none += one;
  EXPECT_EQ(none.counts(), one.counts());
  one += Histogram{};
  EXPECT_EQ(one.sum(), 3.0);
}

/// As doubles, 0.1 + 0.2 + 0.3 is more than 0.3 + 0.2 + 0.1.
TEST(Histogram, ComesToTheSameInAnyOrder) {
  Histogram rising{bounds};
  Histogram falling{bounds};
  for (const double value : {0.1, 0.2, 0.3}) rising.add(value);
  for (const double value : {0.3, 0.2, 0.1}) falling.add(value);
  EXPECT_EQ(rising.sum(), falling.sum());
}

}  // namespace
}  // namespace leveret
