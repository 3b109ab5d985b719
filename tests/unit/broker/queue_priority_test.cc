#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/broker/support/queue_bench.h"

namespace leveret::broker::test {
namespace {

using ::testing::ElementsAre;

amqp::Properties with_priority(int priority, amqp::Properties properties = {}) {
  properties.priority = static_cast<std::uint8_t>(priority);
  return properties;
}

TEST(QueuePriority, TheHighestIsDeliveredFirstAndEachInOrder) {
  Bench bench{{{"x-max-priority", 5}}};
  bench.client.send("q", "a").send("q", "b", with_priority(1)).send("q", "c", with_priority(5));
  bench.client.send("q", "d", with_priority(1)).send("q", "e", with_priority(0));
  bench.client.consume("q");
  EXPECT_THAT(bench.client.bodies(), ElementsAre("c", "b", "d", "a", "e"));
}

TEST(QueuePriority, AboveTheMaximumCountsAsTheMaximum) {
  Bench bench{{{"x-max-priority", 5}}};
  bench.client.send("q", "a", with_priority(5)).send("q", "b", with_priority(200)).consume("q");
  EXPECT_THAT(bench.client.bodies(), ElementsAre("a", "b"));
}

TEST(QueuePriority, MeansNothingWithoutTheArgument) {
  Bench bench;
  bench.client.send("q", "a").send("q", "b", with_priority(9)).consume("q");
  EXPECT_THAT(bench.client.bodies(), ElementsAre("a", "b"));
}

TEST(QueuePriority, OfAQuorumQueueIsFourUnlessTheMessageNamesOne) {
  Bench bench{{{"x-queue-type", "quorum"}}};
  bench.client.send("q", "a", with_priority(3)).send("q", "b").send("q", "c", with_priority(5));
  bench.client.consume("q");
  EXPECT_THAT(bench.client.bodies(), ElementsAre("c", "b", "a"));
}

TEST(QueuePriority, ARequeuedMessageReturnsToItsPlaceInItsPriority) {
  Bench bench{{{"x-max-priority", 5}}};
  bench.client.send("q", "a", with_priority(1)).send("q", "b", with_priority(1)).get("q");
  bench.client.send("q", "c", with_priority(2)).nack(1).ignore();
  bench.client.consume("q");
  EXPECT_THAT(bench.client.bodies(), ElementsAre("c", "a", "b"));
}

TEST(QueuePriority, BrowsingIsInOrderOfArrival) {
  PagedBench bench{{{"x-max-priority", 3}}};
  for (int i = 1; i <= 60; ++i)
    bench.client.send("q", std::to_string(i), with_priority(i % 4, persistent()));
  EXPECT_EQ(bench.broker.browse("q", 7), numbers(1, 60));
  EXPECT_LE(bench.broker.queue("q").in_memory, 8U);
}

TEST(QueuePriority, SurvivesARestartWithMoreThanFitsInMemory) {
  PagedBench bench{{{"x-max-priority", 3}}};
  std::vector<std::string> by_priority[4];
  for (int i = 1; i <= 100; ++i) {
    const int priority = i % 4;
    bench.client.send("q", std::to_string(i), with_priority(priority, persistent()));
    by_priority[priority].push_back(std::to_string(i));
  }
  bench.broker.restart();
  EXPECT_EQ(bench.broker.ready("q"), 100U);
  TestClient client{bench.broker};
  client.consume("q");
  std::vector<std::string> wanted;
  for (int priority = 3; priority >= 0; --priority)
    wanted.insert(wanted.end(), by_priority[priority].begin(), by_priority[priority].end());
  EXPECT_EQ(client.bodies(), wanted);
}

TEST(QueuePriority, DeliveriesAreMarkedInEachPriority) {
  Bench bench{{{"x-max-priority", 3}}};
  bench.client.send("q", "low", with_priority(0, persistent()));
  bench.client.send("q", "high", with_priority(3, persistent())).get("q");
  bench.broker.stop_and_start();
  TestClient client{bench.broker};
  client.consume("q").ignore();
  client.cancel("c");
  bench.broker.stop_and_start();
  TestClient again{bench.broker};
  again.get("q").get("q");
  EXPECT_THAT(again.received(), ElementsAre("get-ok 1 'high' redelivered left 1",
                                            "get-ok 2 'low' redelivered left 0"));
}

TEST(QueuePriority, PurgeAndDeleteTakeAllOfThem) {
  PagedBench bench{{{"x-max-priority", 3}}};
  const auto fill = [&] {
    for (int i = 1; i <= 40; ++i)
      bench.client.send("q", std::to_string(i), with_priority(i % 4, persistent()));
  };
  fill();
  bench.client.ignore();
  bench.client.purge("q");
  EXPECT_THAT(bench.client.received(), ElementsAre("queue.purge-ok 40"));
  fill();
  bench.client.delete_queue("q");
  EXPECT_THAT(bench.client.received(), ElementsAre("queue.delete-ok 40"));
  bench.broker.restart();
  TestClient client{bench.broker};
  client.declare("q", {.durable = true, .arguments = {{"x-max-priority", 3}}});
  EXPECT_THAT(client.received(), ElementsAre("queue.declare-ok 'q' 0 0"));
}

TEST(QueuePriority, TheLengthLimitDropsTheHead) {
  Bench bench{{{"x-max-priority", 3}, {"x-max-length", 2}}};
  bench.client.send("q", "a").send("q", "b", with_priority(3)).send("q", "c");
  EXPECT_THAT(bench.broker.browse("q"), ElementsAre("a", "c"));
}

TEST(QueuePriority, MessagesOfAnyPriorityExpire) {
  PagedBench bench{{{"x-max-priority", 3}, {"x-message-ttl", 100}}};
  for (int i = 1; i <= 40; ++i)
    bench.client.send("q", std::to_string(i), with_priority(i % 4, persistent()));
  bench.broker.advance(100);
  EXPECT_EQ(bench.broker.ready("q"), 0U);
  EXPECT_EQ(bench.broker.dropped("q", DeathReason::expired), 40U);
}

}  // namespace
}  // namespace leveret::broker::test
