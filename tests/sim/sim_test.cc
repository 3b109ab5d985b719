#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/log.h"
#include "sim/shrink.h"

namespace leveret::sim {

namespace {

std::string text_of(const std::optional<Violation>& violation) {
  return violation ? violation->kind + ": " + violation->text : "";
}

class Quiet : public ::testing::Environment {
  void SetUp() override { log::set_level(log::Level::off); }
};
const auto* const quiet = ::testing::AddGlobalTestEnvironment(new Quiet);

std::vector<std::string> found_files() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(SIM_FOUND_DIR))
    if (entry.path().extension() == ".txt") names.push_back(entry.path().stem().string());
  std::ranges::sort(names);
  return names;
}

std::string test_name(const ::testing::TestParamInfo<std::string>& info) {
  std::string name = info.param;
  std::ranges::replace(name, '-', '_');
  return name;
}

// What once failed: each file says what was wrong.
class Found : public ::testing::TestWithParam<std::string> {};
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(Found);

TEST_P(Found, DoesNotFailAnyMore) {
  std::ifstream file(std::string(SIM_FOUND_DIR) + "/" + GetParam() + ".txt");
  EXPECT_EQ(text_of(run(Script::from_text(file)).violation), "");
}

INSTANTIATE_TEST_SUITE_P(Files, Found, ::testing::ValuesIn(found_files()), test_name);

TEST(Simulation, KeepsThePromisesForTheFirstSeeds) {
  for (std::uint64_t seed = 1; seed <= 150; ++seed)
    ASSERT_EQ(text_of(run(Script::from_seed(seed)).violation), "") << "seed " << seed;
}

TEST(Simulation, OneSeedIsOneRunToTheLastOctet) {
  for (std::uint64_t seed = 1; seed <= 15; ++seed) {
    const Script script = Script::from_seed(seed);
    const Outcome first = run(script);
    const Outcome again = run(script);
    ASSERT_EQ(first.trace, again.trace) << "seed " << seed;
    ASSERT_EQ(first.disk_operations, again.disk_operations) << "seed " << seed;
  }
}

TEST(Simulation, OtherSeedsAreOtherRuns) {
  EXPECT_NE(run(Script::from_seed(1)).trace, run(Script::from_seed(2)).trace);
}

// A checker that finds nothing proves nothing until it has found what was put there.
class Planted : public ::testing::TestWithParam<int> {};

TEST_P(Planted, IsFound) {
  Plant plant;
  plant.fault = static_cast<Fault>(GetParam());
  std::uint64_t seed = 1;
  while (seed <= 400 && !run(Script::from_seed(seed), plant).violation) ++seed;
  EXPECT_LE(seed, 400U) << name_of(plant.fault) << " was not found";
  RecordProperty("seeds", static_cast<int>(seed));
}

std::string fault_name(const ::testing::TestParamInfo<int>& each) {
  return std::string(name_of(static_cast<Fault>(each.param)));
}

INSTANTIATE_TEST_SUITE_P(Faults, Planted, ::testing::Range(1, fault_count), fault_name);

TEST(Shrink, LeavesAFewStepsThatFailInTheSameWay) {
  Plant plant;
  plant.fault = Fault::damaged_body;
  std::uint64_t seed = 1;
  while (!run(Script::from_seed(seed), plant).violation) ++seed;
  const Script script = Script::from_seed(seed);
  const Script shrunk = shrink(script, plant);
  EXPECT_EQ(run(shrunk, plant).violation->kind, "CORRUPT");
  EXPECT_LT(shrunk.steps.size(), 20U);
  EXPECT_LE(shrunk.steps.size(), script.steps.size());
}

TEST(Steps, AreTheSameAfterTheWayThroughText) {
  const Script script = Script::from_seed(7);
  std::istringstream text("# a comment\n" + script.to_text());
  const Script read = Script::from_text(text);
  EXPECT_EQ(read.setup, script.setup);
  EXPECT_EQ(read.steps, script.steps);
}

TEST(Steps, NameTheLineThatIsWrong) {
  std::istringstream text("setup 1\npublish 1 2\n");
  try {
    Script::from_text(text);
    FAIL();
  } catch (const std::runtime_error& error) {
    EXPECT_STREQ(error.what(), "line 2: 'publish 1 2' is no step with three numbers");
  }
}

}  // namespace
}  // namespace leveret::sim
