#include "broker/roster.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <vector>

namespace leveret::broker::test {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

struct Thing {
  int number = 0;
  std::uint64_t roster_serial = 0;
};

struct Bench {
  explicit Bench(int count) {
    for (int i = 0; i < count; ++i) add(i);
  }
  void add(int number) {
    things.push_back({number});
    roster.add(things.back());
  }
  std::vector<int> walk(RosterPlace& place, RosterPlace end, int count) const {
    std::vector<int> met;
    for (; count > 0; --count) {
      const Thing* thing = roster.next(place, end);
      if (thing == nullptr) break;
      met.push_back(thing->number);
    }
    return met;
  }
  std::deque<Thing> things;
  Roster<Thing> roster;
};

TEST(Roster, IsWalkedInTheOrderOfArrival) {
  Bench bench{5};
  RosterPlace place = 0;
  const RosterPlace end = bench.roster.end();
  EXPECT_THAT(bench.walk(place, end, 2), ElementsAre(0, 1));
  EXPECT_THAT(bench.walk(place, end, 10), ElementsAre(2, 3, 4));
  EXPECT_THAT(bench.walk(place, end, 10), IsEmpty());
  EXPECT_EQ(place, end);
}

TEST(Roster, AWalkMeetsWhoIsThereAllAlongOnceWhileOthersComeAndGo) {
  Bench bench{1000};
  RosterPlace place = 0;
  const RosterPlace end = bench.roster.end();
  std::vector<int> met = bench.walk(place, end, 300);
  // Most go, behind the walk and before it, so that the gaps are closed.
  for (std::size_t i = 0; i < 1000; ++i)
    if (i % 10 != 0) bench.roster.remove(bench.things[i]);
  bench.add(1000);
  for (const int number : bench.walk(place, end, 2000)) met.push_back(number);
  std::vector<int> expected;
  for (int i = 0; i < 1000; ++i)
    if (i < 300 || i % 10 == 0) expected.push_back(i);
  EXPECT_EQ(met, expected);
  EXPECT_EQ(bench.roster.size(), 101U);
}

TEST(Roster, FindsBySerialUntilRemoved) {
  Bench bench{3};
  const std::uint64_t serial = bench.things[1].roster_serial;
  EXPECT_EQ(bench.roster.find(serial), &bench.things[1]);
  bench.roster.remove(bench.things[1]);
  EXPECT_EQ(bench.roster.find(serial), nullptr);
  EXPECT_EQ(bench.roster.size(), 2U);
}

}  // namespace
}  // namespace leveret::broker::test
