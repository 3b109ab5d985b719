#include "base/ids.h"

#include <gtest/gtest.h>

#include <type_traits>
#include <unordered_set>

namespace leveret {
namespace {

static_assert(!std::is_convertible_v<ConnectionId, QueueId>);
static_assert(!std::is_convertible_v<ConnectionId, std::uint64_t>);

TEST(StrongId, ZeroMeansNone) {
  EXPECT_FALSE(ConnectionId{});
  EXPECT_TRUE(ConnectionId{1});
}

TEST(StrongId, OrdersAndHashesByItsNumber) {
  EXPECT_LT(QueueId{1}, QueueId{2});
  EXPECT_EQ(QueueId{3}, QueueId{3});
  const std::unordered_set<QueueId> ids{QueueId{1}, QueueId{2}, QueueId{1}};
  EXPECT_EQ(ids.size(), 2U);
}

}  // namespace
}  // namespace leveret
