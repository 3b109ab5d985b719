#include "cli/bench/histogram.h"

#include <gtest/gtest.h>

#include <limits>
#include <utility>
#include <vector>

namespace leveret::cli::bench {
namespace {

TEST(Histogram, IsEmptyAtFirst) {
  const Histogram histogram;
  EXPECT_EQ(histogram.count(), 0U);
  EXPECT_EQ(histogram.percentile(50), 0U);
  EXPECT_EQ(histogram.max(), 0U);
}

TEST(Histogram, IsExactForSmallValues) {
  Histogram histogram;
  for (std::uint64_t value = 1; value <= 100; ++value) histogram.record(value);
  EXPECT_EQ(histogram.percentile(50), 50U);
  EXPECT_EQ(histogram.percentile(99), 99U);
  EXPECT_EQ(histogram.percentile(100), 100U);
  EXPECT_DOUBLE_EQ(histogram.mean(), 50.5);
}

TEST(Histogram, KeepsEveryMagnitudeToOnePerCent) {
  for (std::uint64_t value = 1; value < std::uint64_t{1} << 62U; value = value * 3 + 1) {
    Histogram histogram;
    histogram.record(value);
    histogram.record(std::numeric_limits<std::uint64_t>::max());  // So that max() does not help.
    const auto got = static_cast<double>(histogram.percentile(50));
    EXPECT_GE(got, static_cast<double>(value));
    EXPECT_LE(got, static_cast<double>(value) * 1.01) << value;
  }
}

TEST(Histogram, PercentileNeverExceedsTheMaximum) {
  Histogram histogram;
  histogram.record(1'000'001);
  EXPECT_EQ(histogram.percentile(99.9), 1'000'001U);
}

TEST(Histogram, ShowsItsBucketsFromTheSmallest) {
  Histogram histogram;
  for (const std::uint64_t value : {7, 3, 7}) histogram.record(value);
  std::vector<std::pair<std::uint64_t, std::uint64_t>> buckets;
  histogram.for_each(
      [&](std::uint64_t highest, std::uint64_t count) { buckets.emplace_back(highest, count); });
  EXPECT_EQ(buckets, (std::vector<std::pair<std::uint64_t, std::uint64_t>>{{3, 1}, {7, 2}}));
}

TEST(Histogram, AddsUp) {
  Histogram one;
  Histogram other;
  one.record(10);
  other.record(1'000'000);
  one.add(other);
  EXPECT_EQ(one.count(), 2U);
  EXPECT_EQ(one.max(), 1'000'000U);
  EXPECT_EQ(one.percentile(50), 10U);
}

}  // namespace
}  // namespace leveret::cli::bench
