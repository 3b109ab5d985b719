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

}  // namespace
}  // namespace leveret
