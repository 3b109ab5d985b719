#include "base/ring.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <memory>
#include <random>

namespace leveret {
namespace {

static_assert(std::random_access_iterator<Ring<int>::iterator>);
static_assert(std::random_access_iterator<Ring<int>::const_iterator>);

using Value = std::unique_ptr<int>;  // told by the sanitizers when it is lost or freed twice

void expect_same(const Ring<Value>& ring, const std::deque<int>& model) {
  ASSERT_EQ(ring.size(), model.size());
  ASSERT_TRUE(std::ranges::equal(ring, model, {}, [](const Value& value) { return *value; }));
}

TEST(RingTest, TakesNoMemoryWhileNothingWasPut) {
  EXPECT_EQ(Ring<Value>{}.capacity(), 0U);
}

TEST(RingTest, DoesWhatADequeDoes) {
  std::mt19937 random{7};
  Ring<Value> ring;
  std::deque<int> model;
  for (int i = 0; i < 20'000; ++i) {
    const auto at = [&] { return static_cast<std::ptrdiff_t>(random() % model.size()); };
    switch (random() % 16) {
      case 0:
        if (model.empty()) break;
        {
          const auto middle = at();
          ring.erase(ring.begin() + middle);
          model.erase(model.begin() + middle);
        }
        break;
      case 1: {
        const int rest = static_cast<int>(random() % 7);
        erase_if(ring, [&](const Value& value) { return *value % 7 == rest; });
        std::erase_if(model, [&](int value) { return value % 7 == rest; });
        break;
      }
      case 2:
        if (model.empty()) break;
        {
          const auto from = at();
          ring.erase(ring.begin() + from, ring.end());
          model.erase(model.begin() + from, model.end());
        }
        break;
      case 3:
      case 4:
      case 5:
        if (model.empty()) break;
        ring.pop_front();
        model.pop_front();
        break;
      case 6:
        if (model.empty()) break;
        ring.pop_back();
        model.pop_back();
        break;
      default: ring.push_back(std::make_unique<int>(i)); model.push_back(i);
    }
    ASSERT_NO_FATAL_FAILURE(expect_same(ring, model)) << "in step " << i;
    if (!model.empty()) {
      EXPECT_EQ(*ring.front(), model.front());
      EXPECT_EQ(*ring.back(), model.back());
    }
  }
}

TEST(RingTest, IsSortedAndSearchedLikeAnyRange) {
  Ring<int> ring;
  for (int i = 0; i < 5; ++i) ring.push_back(i);
  for (int i = 0; i < 3; ++i) ring.pop_front();
  for (int i = 9; i > 4; --i) ring.push_back(i);  // goes around
  std::ranges::sort(ring);
  EXPECT_TRUE(std::ranges::is_sorted(ring));
  EXPECT_EQ(*std::ranges::lower_bound(ring, 6), 6);
  EXPECT_EQ(ring[0], 3);
}

TEST(RingTest, GivesAwayWhatItHolds) {
  Ring<Value> ring;
  for (int i = 0; i < 10; ++i) ring.push_back(std::make_unique<int>(i));
  Ring<Value> other{std::move(ring)};
  EXPECT_EQ(other.size(), 10U);
  Ring<Value> third;
  third.push_back(std::make_unique<int>(77));
  third = std::move(other);
  EXPECT_EQ(*third.front(), 0);
  EXPECT_EQ(third.size(), 10U);
}

TEST(RingTest, WhatWasOnceLongDoesNotHoldItsMemory) {
  Ring<int> ring;
  for (int i = 0; i < 10'000; ++i) ring.push_back(i);
  while (!ring.empty()) ring.pop_front();
  EXPECT_EQ(ring.capacity(), 0U);
  ring.push_back(1);
  ring.pop_front();
  EXPECT_GT(ring.capacity(), 0U);
}

}  // namespace
}  // namespace leveret
