#include "cli/bench/figures.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace leveret::cli::bench {
namespace {

Result run_of(std::uint64_t published, double seconds) {
  Result result;
  result.published = result.delivered = published;
  result.publish_seconds = result.deliver_seconds = seconds;
  return result;
}

double value_of(const std::vector<Figure>& figures, const std::string& name) {
  const auto found = std::ranges::find(figures, name, &Figure::name);
  return found == figures.end() ? -1 : found->value;
}

TEST(Figures, AreRates) {
  const auto figures = figures_of(scenario("jobs"), run_of(500, 2));
  EXPECT_EQ(value_of(figures, "publish rate"), 250);
  EXPECT_EQ(value_of(figures, "deliver rate"), 250);
}

TEST(Figures, AreLeftOutWhereTheyMeanNothing) {
  const auto figures = figures_of(scenario("submit"), run_of(500, 2));
  EXPECT_EQ(value_of(figures, "deliver rate"), -1);
  EXPECT_EQ(value_of(figures, "confirm p50"), -1);  // Nothing was confirmed.
  EXPECT_EQ(value_of(figures, "server memory"), -1);
}

TEST(Figures, SetOneConfirmAgainstOneSync) {
  Result result = run_of(1, 1);
  result.confirm_latency_ns.record(240);
  result.disk.emplace();
  result.disk->overwrite_ns.record(200);
  result.disk->append_ns.record(240);
  const auto figures = figures_of(scenario("latency"), result);
  EXPECT_DOUBLE_EQ(value_of(figures, "confirm p50 / fdatasync of an overwrite"), 1.2);
  EXPECT_DOUBLE_EQ(value_of(figures, "confirm p50 / fdatasync of an append"), 1);
  EXPECT_EQ(value_of(figures_of(scenario("jobs"), result), "confirm p50 / fdatasync of an append"),
            -1);
}

TEST(Spreads, AreMedianLeastAndMost) {
  const auto spreads =
      spreads_of(scenario("submit"), {run_of(300, 1), run_of(100, 1), run_of(200, 1)});
  ASSERT_FALSE(spreads.empty());
  EXPECT_EQ(spreads[0].name, "publish rate");
  EXPECT_EQ(spreads[0].median, 200);
  EXPECT_EQ(spreads[0].min, 100);
  EXPECT_EQ(spreads[0].max, 300);
}

TEST(Spreads, AreOfWhatEveryRunHas) {
  Result with_memory = run_of(1, 1);
  with_memory.rss_peak_bytes = 5;
  const auto spreads = spreads_of(scenario("submit"), {with_memory, run_of(1, 1)});
  EXPECT_EQ(std::ranges::count(spreads, "server memory", &Spread::name), 0);
}

}  // namespace
}  // namespace leveret::cli::bench
