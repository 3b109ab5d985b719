#include "cli/bench/plan.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "cli/exit_code.h"

namespace leveret::cli::bench {
namespace {

std::string refusal_of(const Plan& plan) {
  try {
    check(plan);
  } catch (const Failure& failure) {
    return failure.what();
  }
  return "";
}

TEST(Scenarios, AllWorkAsTheyAre) {
  for (const Plan& plan : scenarios()) EXPECT_EQ(refusal_of(plan), "") << plan.name;
}

TEST(Scenarios, HaveNamesOfTheirOwn) {
  std::set<std::string> names;
  for (const Plan& plan : scenarios()) EXPECT_TRUE(names.insert(plan.name).second) << plan.name;
}

TEST(Plan, SendsToItsQueuesInTurn) {
  Plan plan;
  plan.queues = 3;
  EXPECT_EQ(plan.keys(), 3U);
  EXPECT_EQ(plan.copies(), 1U);
  for (std::uint64_t sequence = 1; sequence < 9; ++sequence)
    EXPECT_EQ(plan.queue_of(plan.key_of(0, sequence + 3)), plan.queue_of(plan.key_of(0, sequence)));
  EXPECT_NE(plan.key_of(0, 1), plan.key_of(0, 2));
}

TEST(Plan, SendsACopyToEachQueueOfAFanout) {
  Plan plan;
  plan.routing = Routing::copies;
  plan.queues = 8;
  EXPECT_EQ(plan.keys(), 1U);
  EXPECT_EQ(plan.copies(), 8U);
}

TEST(Plan, UsesEachOfManyBindings) {
  Plan plan = scenario("topic");
  plan.bindings = 1'001;
  std::set<unsigned> keys;
  for (std::uint64_t sequence = 1; sequence <= 1'001; ++sequence)
    keys.insert(plan.key_of(0, sequence));
  EXPECT_EQ(keys.size(), 1'001U);
}

TEST(Plan, RefusesWhatCannotWork) {
  Plan plan = scenario("topic");
  plan.bindings = 7;
  EXPECT_EQ(refusal_of(plan), "--bindings must be at least --queues (8): each queue needs one");
  plan = scenario("jobs");
  plan.bindings = 7;
  EXPECT_EQ(refusal_of(plan), "--bindings goes with the scenario topic only");
  plan = scenario("jobs");
  plan.body_bytes = 15;
  EXPECT_EQ(refusal_of(plan),
            "--size is at least 16 bytes: each message carries its number and time");
}

}  // namespace
}  // namespace leveret::cli::bench
