#include "broker/unacked.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <random>

namespace leveret::broker {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

Delivery delivery(std::uint64_t tag, Seq seq) {
  Delivery made;
  made.tag = tag;
  made.entry.seq = seq;
  return made;
}

Unacked holding(const std::vector<std::uint64_t>& tags) {
  Unacked unacked;
  for (const std::uint64_t tag : tags) unacked.add(delivery(tag, tag * 10));
  return unacked;
}

std::vector<std::uint64_t> tags_of(const std::vector<Delivery>& deliveries) {
  std::vector<std::uint64_t> tags;
  for (const Delivery& each : deliveries) tags.push_back(each.tag);
  return tags;
}

std::vector<std::uint64_t> tags_in(const Unacked& unacked) {
  std::vector<std::uint64_t> tags;
  unacked.for_each([&](const Delivery& each) { tags.push_back(each.tag); });
  return tags;
}

TEST(Unacked, TakesEachTagOnce) {
  Unacked unacked = holding({1, 2, 3});
  EXPECT_EQ(unacked.take(2)->entry.seq, 20U);
  EXPECT_FALSE(unacked.take(2));
  EXPECT_FALSE(unacked.contains(2));
  EXPECT_THAT(tags_in(unacked), ElementsAre(1, 3));
  EXPECT_EQ(unacked.count(), 2U);
}

TEST(Unacked, FindsTagsAmongGaps) {
  Unacked unacked = holding({2, 5, 6, 90});
  EXPECT_TRUE(unacked.contains(90));
  EXPECT_FALSE(unacked.contains(1));
  EXPECT_FALSE(unacked.contains(3));
  EXPECT_FALSE(unacked.contains(91));
  EXPECT_EQ(unacked.take(6)->tag, 6U);
}

TEST(Unacked, TakesEverythingUpToATagInOrder) {
  Unacked unacked = holding({1, 2, 3, 5, 7});
  unacked.take(2);
  EXPECT_THAT(tags_of(unacked.take_up_to(5)), ElementsAre(1, 3, 5));
  EXPECT_THAT(tags_in(unacked), ElementsAre(7));
}

TEST(Unacked, TagZeroTakesEverything) {
  Unacked unacked = holding({1, 2});
  EXPECT_THAT(tags_of(unacked.take_up_to(0)), ElementsAre(1, 2));
  EXPECT_THAT(tags_of(unacked.take_up_to(0)), IsEmpty());
  EXPECT_EQ(unacked.count(), 0U);
}

TEST(Unacked, RestoringPutsThemBackInTheirPlaces) {
  Unacked unacked = holding({1, 2, 3, 4, 5});
  std::vector<Delivery> taken;
  for (const std::uint64_t tag : {4U, 1U, 2U}) taken.push_back(*unacked.take(tag));
  unacked.take(3);
  unacked.restore(std::move(taken));
  EXPECT_THAT(tags_in(unacked), ElementsAre(1, 2, 4, 5));
  EXPECT_EQ(unacked.count(), 4U);
  EXPECT_THAT(tags_of(unacked.take_up_to(4)), ElementsAre(1, 2, 4));
}

TEST(Unacked, AgreesWithAMapOnRandomUse) {
  std::mt19937 random{7};
  Unacked unacked;
  std::map<std::uint64_t, Seq> model;
  std::uint64_t last = 0;
  for (int step = 0; step < 20000; ++step) {
    const std::uint64_t tag = last == 0 ? 1 : 1 + random() % (last + 2);
    switch (random() % 8) {
      case 0: {
        if (random() % 20 != 0) break;
        std::vector<std::uint64_t> expected;
        for (auto it = model.begin(); it != model.end() && it->first <= tag; it = model.erase(it))
          expected.push_back(it->first);
        ASSERT_EQ(tags_of(unacked.take_up_to(tag)), expected);
        break;
      }
      case 1:
      case 2:
      case 3: {
        const auto taken = unacked.take(tag);
        ASSERT_EQ(taken.has_value(), model.erase(tag) == 1);
        break;
      }
      default:
        last += 1 + (random() % 5 == 0 ? random() % 4 : 0);
        unacked.add(delivery(last, last));
        model[last] = last;
    }
    ASSERT_EQ(unacked.count(), model.size());
    ASSERT_EQ(unacked.contains(tag), model.contains(tag));
  }
}

}  // namespace
}  // namespace leveret::broker
