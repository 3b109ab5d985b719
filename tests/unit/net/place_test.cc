#include "net/place.h"

#include <gtest/gtest.h>

namespace leveret::net {
namespace {

TEST(PlaceTest, CountsAsLongAsItLives) {
  const auto count = std::make_shared<std::atomic<std::size_t>>(0);
  {
    const Place one{count};
    const Place other{count};
    EXPECT_EQ(*count, 2U);
  }
  EXPECT_EQ(*count, 0U);
}

TEST(PlaceTest, MovedItIsStillOne) {
  const auto count = std::make_shared<std::atomic<std::size_t>>(0);
  Place one{count};
  {
    const Place moved{std::move(one)};
    EXPECT_EQ(*count, 1U);
  }
  EXPECT_EQ(*count, 0U);
  one.leave();  // NOLINT(bugprone-use-after-move): nothing is left to leave
  EXPECT_EQ(*count, 0U);
}

TEST(PlaceTest, IsLeftOnce) {
  const auto count = std::make_shared<std::atomic<std::size_t>>(0);
  {
    Place one{count};
    one.leave();
    EXPECT_EQ(*count, 0U);
  }
  EXPECT_EQ(*count, 0U);
}

}  // namespace
}  // namespace leveret::net
