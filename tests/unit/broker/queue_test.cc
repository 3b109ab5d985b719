#include "broker/queue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/broker/support/test_client.h"

namespace leveret::broker::test {
namespace {

using amqp::Table;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::string> numbers(int first, int last) {
  std::vector<std::string> bodies;
  for (int i = first; i <= last; ++i) bodies.push_back(std::to_string(i));
  return bodies;
}

void send_numbers(TestClient& client, int first, int last,
                  const amqp::Properties& properties = persistent()) {
  client.together([&] {
    for (const std::string& body : numbers(first, last)) client.send("q", body, properties);
  });
}

/// Queue 'q' with `arguments`.
struct Bench {
  explicit Bench(const Table& arguments = {}, Limits limits = {}) : broker(limits) {
    client.declare("q", {.durable = true, .arguments = arguments}).ignore();
  }
  TestBroker broker;
  TestClient client{broker};
};

/// A window of four messages, so that paging begins at once.
struct PagedBench : Bench {
  explicit PagedBench(const Table& arguments = {})
      : Bench(arguments, {.queue_window_messages = 4}) {}
};

// Time to live.

TEST(QueueTtl, OfTheMessageAndTheQueueTheLowerWins) {
  Bench bench{{{"x-message-ttl", 100}}};
  bench.client.send("q", "1", with_expiration("50")).send("q", "2", with_expiration("500"));
  bench.broker.advance(50);
  EXPECT_THAT(bench.broker.browse("q"), ElementsAre("2"));
  bench.broker.advance(50);
  EXPECT_THAT(bench.broker.browse("q"), IsEmpty());
  EXPECT_EQ(bench.broker.dropped("q", DeathReason::expired), 2U);
}

TEST(QueueTtl, AShortOneLeavesFromBehindALongOne) {
  Bench bench{{{"x-dead-letter-exchange", ""}, {"x-dead-letter-routing-key", "dead"}}};
  bench.client.declare("dead");
  bench.client.send("q", "1", persistent(with_expiration("5000")))
      .send("q", "2", persistent(with_expiration("20")))
      .send("q", "3")
      .send("q", "4", persistent(with_expiration("10")));
  bench.broker.advance(10);
  EXPECT_THAT(bench.broker.browse("q"), ElementsAre("1", "2", "3"));
  bench.broker.advance(10);
  EXPECT_THAT(bench.broker.browse("q"), ElementsAre("1", "3"));
  EXPECT_THAT(bench.broker.journal.stored("q"), ElementsAre("1"));
  EXPECT_THAT(bench.broker.browse("dead"), ElementsAre("4", "2"));
}

TEST(QueueTtl, OfARequeuedMessageRunsOnBehindOthers) {
  Bench bench;
  bench.client.send("q", "1").send("q", "2", with_expiration("50")).get("q").get("q");
  bench.client.nack(1).nack(2);
  bench.broker.advance(50);
  EXPECT_THAT(bench.broker.browse("q"), ElementsAre("1"));
}

TEST(QueueTtl, ManyThatExpireAreNotLookedForAtEveryMoment) {
  Bench bench{{}, {.queue_window_messages = 40'000}};
  bench.client.send("q", "1").ignore();
  bench.client.together([&] {
    for (int i = 0; i < 30'000; ++i) bench.client.send("q", "x", with_expiration("100000"));
    bench.client.send("q", "2", with_expiration("10")).send("q", "3", with_expiration("11"));
  });
  bench.broker.advance(10);
  EXPECT_EQ(bench.broker.ready("q"), 30'002U);
  bench.broker.advance(1);
  EXPECT_EQ(bench.broker.ready("q"), 30'002U);
  bench.broker.advance(2);
  EXPECT_EQ(bench.broker.ready("q"), 30'001U);
}

TEST(QueueTtl, AnExpiredMessageIsNeverDelivered) {
  Bench bench;
  bench.client.send("q", "1").send("q", "2", with_expiration("10")).send("q", "3").ignore();
  bench.broker.advance(20);
  bench.client.consume("q");
  EXPECT_THAT(bench.client.bodies(), ElementsAre("1", "3"));
}

TEST(QueueTtl, OfZeroDeliversToAWaitingConsumerOrExpiresAtOnce) {
  Bench bench;
  bench.client.send("q", "1", with_expiration("0"));
  EXPECT_EQ(bench.broker.ready("q"), 0U);
  EXPECT_EQ(bench.broker.dropped("q", DeathReason::expired), 1U);
  bench.client.consume("q").send("q", "2", with_expiration("0"));
  EXPECT_THAT(bench.client.bodies(), ElementsAre("2"));
}

TEST(QueueTtl, RequeueKeepsTheOriginalExpiry) {
  Bench bench{{{"x-message-ttl", 100}}};
  bench.client.send("q", "1").get("q");
  bench.broker.advance(60);
  bench.client.nack(1);
  EXPECT_EQ(bench.broker.ready("q"), 1U);
  bench.broker.advance(40);
  EXPECT_EQ(bench.broker.ready("q"), 0U);
}

TEST(QueueTtl, AMessageThatExpiresWhileUnackedIsNotDelivered) {
  Bench bench{{{"x-message-ttl", 100}}};
  bench.client.send("q", "1").consume("q").ignore();
  bench.broker.advance(200);
  EXPECT_EQ(bench.broker.unacked("q"), 1U);
  bench.client.nack(1);
  EXPECT_THAT(bench.client.bodies(), IsEmpty());
  EXPECT_EQ(bench.broker.dropped("q", DeathReason::expired), 1U);
}

TEST(QueueTtl, OfWhatBecomesTheHeadByGetRunsOn) {
  Bench bench;
  bench.client.send("q", "1").send("q", "2", with_expiration("50")).get("q");
  bench.broker.advance(50);
  EXPECT_EQ(bench.broker.ready("q"), 0U);
}

TEST(QueueTtl, OfWhatBecomesTheHeadByTheLengthLimitRunsOn) {
  Bench bench{{{"x-max-length", 2}}};
  bench.client.send("q", "1").send("q", "2", with_expiration("50")).send("q", "3");
  bench.broker.advance(50);
  EXPECT_THAT(bench.broker.browse("q"), ElementsAre("3"));
}

TEST(QueueTtl, ADeadlineWakesTheCoreAndNothingElseDoes) {
  Bench bench;
  EXPECT_EQ(bench.broker.vhost().next_deadline(), Vhost::never);
  bench.client.send("q", "1", with_expiration("50"));
  EXPECT_EQ(bench.broker.vhost().next_deadline(), bench.broker.now() + 50);
  bench.broker.advance(50);
  EXPECT_EQ(bench.broker.vhost().next_deadline(), Vhost::never);
}

// Expiry of the queue.

TEST(QueueExpires, RunsWhileItIsUnused) {
  Bench bench{{{"x-expires", 100}}};
  bench.broker.advance(99);
  EXPECT_TRUE(bench.broker.has_queue("q"));
  bench.broker.advance(1);
  EXPECT_FALSE(bench.broker.has_queue("q"));
  EXPECT_FALSE(bench.broker.journal.has_queue("q"));
}

TEST(QueueExpires, IsRenewedByGetAndDeclareAndConsume) {
  Bench bench{{{"x-expires", 100}}};
  bench.broker.advance(60);
  bench.client.get("q");
  bench.broker.advance(60);
  bench.client.declare("q", {.passive = true});
  bench.broker.advance(60);
  bench.client.consume("q");
  bench.broker.advance(1000);
  EXPECT_TRUE(bench.broker.has_queue("q"));
  bench.client.cancel("c");
  bench.broker.advance(99);
  EXPECT_TRUE(bench.broker.has_queue("q"));
  bench.broker.advance(1);
  EXPECT_FALSE(bench.broker.has_queue("q"));
}

TEST(QueueExpires, DeadLettersNothing) {
  Bench bench{
      {{"x-expires", 100}, {"x-dead-letter-exchange", ""}, {"x-dead-letter-routing-key", "dead"}}};
  bench.client.declare("dead").send("q", "1");
  bench.broker.advance(100);
  EXPECT_FALSE(bench.broker.has_queue("q"));
  EXPECT_EQ(bench.broker.ready("dead"), 0U);
}

TEST(QueueExpires, StartsAnewWithTheBroker) {
  Bench bench{{{"x-expires", 100}}};
  bench.broker.advance(60);
  bench.broker.restart();
  bench.broker.advance(60);
  EXPECT_TRUE(bench.broker.has_queue("q"));
  bench.broker.advance(40);
  EXPECT_FALSE(bench.broker.has_queue("q"));
}

// Length limits.

TEST(QueueLimit, DropsTheOldestAndKeepsItsLength) {
  Bench bench{{{"x-max-length", 3}}};
  send_numbers(bench.client, 1, 5);
  EXPECT_THAT(bench.broker.browse("q"), ElementsAre("3", "4", "5"));
  EXPECT_THAT(bench.broker.journal.stored("q"), ElementsAre("3", "4", "5"));
  EXPECT_EQ(bench.broker.dropped("q", DeathReason::maxlen), 2U);
}

TEST(QueueLimit, CountsReadyMessagesOnly) {
  Bench bench{{{"x-max-length", 2}}};
  send_numbers(bench.client, 1, 2);
  bench.client.get("q").get("q");
  send_numbers(bench.client, 3, 4);
  EXPECT_THAT(bench.broker.browse("q"), ElementsAre("1", "2", "3", "4"));
}

TEST(QueueLimit, OfBytesCountsBodies) {
  Bench bench{{{"x-max-length-bytes", 10}}};
  bench.client.send("q", "aaaa").send("q", "bbbb").send("q", "cc");
  EXPECT_EQ(bench.broker.ready("q"), 3U);
  bench.client.send("q", "d");
  EXPECT_THAT(bench.broker.browse("q"), ElementsAre("bbbb", "cc", "d"));
}

TEST(QueueLimit, IsAppliedAfterARequeueToo) {
  Bench bench{{{"x-max-length", 2}}};
  send_numbers(bench.client, 1, 2);
  bench.client.get("q");
  send_numbers(bench.client, 3, 3);
  bench.client.nack(1);
  EXPECT_THAT(bench.broker.browse("q"), ElementsAre("2", "3"));
}

TEST(QueueLimit, OfZeroStillServesWaitingConsumers) {
  Bench bench{{{"x-max-length", 0}}};
  bench.client.send("q", "1").consume("q").send("q", "2");
  EXPECT_THAT(bench.client.bodies(), ElementsAre("2"));
  EXPECT_EQ(bench.broker.ready("q"), 0U);
}

TEST(QueueLimit, RejectPublishKeepsTheOldAndCountsTheNew) {
  Bench bench{{{"x-max-length", 2}, {"x-overflow", "reject-publish"}}};
  send_numbers(bench.client, 1, 3);
  EXPECT_THAT(bench.broker.browse("q"), ElementsAre("1", "2"));
  EXPECT_EQ(bench.broker.dropped("q", DeathReason::maxlen), 1U);
}

TEST(QueueLimit, RejectPublishRefusesWhatWouldExceedTheBytes) {
  Bench bench{{{"x-max-length-bytes", 10}, {"x-overflow", "reject-publish"}}};
  bench.client.send("q", "aaaaaaaa").send("q", "bbb").send("q", "cc").send("q", "d");
  EXPECT_THAT(bench.broker.browse("q"), ElementsAre("aaaaaaaa", "cc"));
}

TEST(QueueLimit, RejectPublishDlxDeadLettersTheNew) {
  Bench bench{{{"x-max-length", 1},
               {"x-overflow", "reject-publish-dlx"},
               {"x-dead-letter-exchange", ""},
               {"x-dead-letter-routing-key", "dead"}}};
  bench.client.declare("dead").confirm_select().ignore();
  bench.client.send("q", "1").send("q", "2");
  EXPECT_THAT(bench.client.received(), ElementsAre("ack 1", "nack 2"));
  EXPECT_THAT(bench.broker.browse("q"), ElementsAre("1"));
  EXPECT_THAT(bench.broker.browse("dead"), ElementsAre("2"));
}

// Delivery counts.

TEST(QueueDeliveryCount, IsToldOnRedeliveryWhenTheQueueCounts) {
  Bench bench{{{"x-delivery-limit", 5}}};
  bench.client.send("q", "1", with_headers({{"n", 1}})).consume("q").nack(1).nack(2);
  const auto deliveries = bench.client.deliveries();
  ASSERT_EQ(deliveries.size(), 3U);
  EXPECT_FALSE(deliveries[0].headers().contains("x-delivery-count"));
  EXPECT_EQ(*deliveries[1].headers().find("x-delivery-count")->as_integer(), 1);
  EXPECT_EQ(*deliveries[2].headers().find("x-delivery-count")->as_integer(), 2);
}

TEST(QueueDeliveryCount, IsNotToldByQueuesThatDoNotCount) {
  Bench bench;
  bench.client.send("q", "1").consume("q").ignore();
  bench.client.nack(1);
  EXPECT_FALSE(bench.client.deliveries().at(0).headers().contains("x-delivery-count"));
}

TEST(QueueDeliveryCount, BeyondTheLimitTheMessageIsDroppedAndCounted) {
  Bench bench{{{"x-delivery-limit", 2}}};
  bench.client.send("q", "1", persistent()).consume("q").nack(1).nack(2);
  EXPECT_EQ(bench.broker.unacked("q"), 1U);
  bench.client.nack(3);
  EXPECT_EQ(bench.broker.unacked("q") + bench.broker.ready("q"), 0U);
  EXPECT_EQ(bench.broker.dropped("q", DeathReason::delivery_limit), 1U);
  EXPECT_THAT(bench.broker.journal.stored("q"), IsEmpty());
}

TEST(QueueDeliveryCount, SurvivesARestart) {
  Bench bench{{{"x-delivery-limit", 5}}};
  bench.client.send("q", "1", persistent()).get("q").nack(1).get("q").nack(2);
  bench.broker.restart();
  TestClient client{bench.broker};
  client.get("q");
  const Received again = client.deliveries().at(0);
  EXPECT_TRUE(again.redelivered);
  EXPECT_EQ(*again.headers().find("x-delivery-count")->as_integer(), 2);
}

// Paging.

TEST(QueuePaging, KeepsAWindowInMemoryAndTheOrderOfAll) {
  PagedBench bench;
  send_numbers(bench.client, 1, 500);
  EXPECT_EQ(bench.broker.ready("q"), 500U);
  EXPECT_LE(bench.broker.queue("q").in_memory, 4U);
  bench.client.consume("q");
  EXPECT_EQ(bench.client.bodies(), numbers(1, 500));
}

TEST(QueuePaging, MemoryStaysBoundedWhileALongQueueIsWorked) {
  Bench bench{{}, {.queue_window_messages = 100}};
  for (int i = 0; i < 100; ++i) send_numbers(bench.client, i * 100, i * 100 + 99);
  bench.client.qos(10).consume("q").ignore();
  std::uint64_t most = 0;
  for (std::uint64_t tag = 10; tag <= 10000; tag += 10) {
    bench.client.ack(tag, true);
    most = std::max(most, bench.broker.queue("q").in_memory);
  }
  EXPECT_EQ(bench.broker.ready("q"), 0U);
  EXPECT_LT(most, 4000U);
}

TEST(QueuePaging, MemoryIsBoundedInBytesToo) {
  Bench bench{{}, {.queue_window_bytes = 1U << 20U}};
  const std::string large(100'000, 'x');
  for (int i = 0; i < 200; ++i) bench.client.send("q", large, persistent());
  bench.client.qos(1).consume("q");
  EXPECT_LE(bench.broker.queue("q").in_memory, 60U);
}

TEST(QueuePaging, TransientMessagesAmongStoredOnesKeepTheirPlaces) {
  PagedBench bench;
  for (int i = 1; i <= 60; ++i)
    send_numbers(bench.client, i, i, i % 3 == 0 ? amqp::Properties{} : persistent());
  EXPECT_EQ(bench.broker.browse("q", 7), numbers(1, 60));
  bench.client.consume("q");
  EXPECT_EQ(bench.client.bodies(), numbers(1, 60));
}

TEST(QueuePaging, RequeuedMessagesComeBeforeWhatIsInTheStore) {
  PagedBench bench;
  send_numbers(bench.client, 1, 20);
  bench.client.get("q").get("q").get("q").get("q").get("q").ignore();
  bench.client.nack(5).nack(2).nack(1).nack(3).nack(4).consume("q");
  EXPECT_EQ(bench.client.bodies(), numbers(1, 20));
}

TEST(QueuePaging, GetWaitsForTheHeadAndWhatFollowsWaitsInOrder) {
  PagedBench bench;
  send_numbers(bench.client, 1, 8);
  bench.broker.reads_at_once = false;
  bench.broker.stop_and_start();
  TestClient client{bench.broker};
  client.together([&] { client.get("q").declare("p").get("q"); });
  client.purge("p");
  while (bench.broker.journal.has_reads()) bench.broker.answer_read();
  EXPECT_THAT(client.received(), ElementsAre("get-ok 1 '1' left 7", "queue.declare-ok 'p' 0 0",
                                             "get-ok 2 '2' left 6", "queue.purge-ok 0"));
}

TEST(QueuePaging, AGetThatFindsOnlyExpiredMessagesInMemoryLooksInTheStore) {
  PagedBench bench;
  send_numbers(bench.client, 1, 4, persistent(with_expiration("50")));
  send_numbers(bench.client, 5, 8);
  // The clock moves on with the turn that brings the get.
  bench.client.together([&] {
    bench.broker.runs_deadlines = false;
    bench.client.get("q");
    bench.broker.skip(60);
  });
  EXPECT_THAT(bench.client.received(), ElementsAre("get-ok 1 '5' left 3"));
}

TEST(QueuePaging, AGetThatWaitsForAQueueThatIsDeletedIsAnswered) {
  PagedBench bench;
  send_numbers(bench.client, 1, 8);
  bench.broker.reads_at_once = false;
  bench.broker.restart();
  TestClient waiting{bench.broker};
  TestClient other{bench.broker};
  waiting.get("q");
  EXPECT_THAT(waiting.received(), IsEmpty());
  other.delete_queue("q");
  EXPECT_THAT(waiting.received(),
              ElementsAre("channel.close 404 NOT_FOUND - no queue 'q' in vhost '/'"));
  bench.broker.answer_read();
}

TEST(QueuePaging, AGetMayBeFollowedByTheDeletionOfItsQueue) {
  PagedBench bench;
  send_numbers(bench.client, 1, 8);
  bench.broker.reads_at_once = false;
  bench.broker.stop_and_start();
  TestClient client{bench.broker};
  client.together([&] { client.get("q").delete_queue("q"); });
  while (bench.broker.journal.has_reads()) bench.broker.answer_read();
  EXPECT_THAT(client.received(), ElementsAre("get-ok 1 '1' left 7", "queue.delete-ok 7"));
}

TEST(QueuePaging, WhatIsNotOnDiskYetDoesNotHoldUpWhatIs) {
  PagedBench bench;
  bench.broker.journal.reads_see_only_committed = true;
  bench.broker.commits_at_once = false;
  send_numbers(bench.client, 1, 2000);
  bench.broker.commit();
  send_numbers(bench.client, 2001, 2200);
  bench.client.ignore();
  bench.client.consume("q", {.no_ack = true});
  EXPECT_EQ(bench.client.bodies(), numbers(1, 2200));
}

TEST(QueuePaging, PurgeTakesTheStoredPartToo) {
  PagedBench bench;
  send_numbers(bench.client, 1, 20);
  bench.client.get("q").ignore();
  bench.client.purge("q");
  EXPECT_THAT(bench.client.received(), ElementsAre("queue.purge-ok 19"));
  EXPECT_THAT(bench.broker.journal.stored("q"), ElementsAre("1"));
  bench.client.send("q", "21", persistent()).nack(1).consume("q");
  EXPECT_THAT(bench.client.bodies(), ElementsAre("1", "21"));
}

TEST(QueuePaging, PurgeWhileABlockIsBeingReadBringsNothingBack) {
  PagedBench bench;
  send_numbers(bench.client, 1, 20);
  bench.broker.reads_at_once = false;
  bench.client.qos(2).consume("q").purge("q");
  EXPECT_TRUE(bench.broker.journal.has_reads());
  send_numbers(bench.client, 21, 30);
  bench.client.ignore();
  bench.broker.reads_at_once = true;
  bench.broker.answer_read();
  bench.client.ack(0, true);
  for (int i = 0; i < 10; ++i) bench.client.ack(0, true);
  EXPECT_EQ(bench.client.bodies(), numbers(21, 30));
  EXPECT_EQ(bench.broker.ready("q") + bench.broker.unacked("q"), 0U);
}

TEST(QueuePaging, TheLengthLimitReachesIntoTheStore) {
  PagedBench bench{{{"x-max-length", 10}}};
  send_numbers(bench.client, 1, 100);
  EXPECT_EQ(bench.broker.browse("q"), numbers(91, 100));
  EXPECT_THAT(bench.broker.journal.stored("q"), numbers(91, 100));
}

TEST(QueuePaging, MessagesInTheStoreExpireOneAfterAnother) {
  PagedBench bench{{{"x-message-ttl", 100}}};
  send_numbers(bench.client, 1, 50);
  bench.broker.advance(50);
  send_numbers(bench.client, 51, 60);
  bench.broker.advance(50);
  EXPECT_EQ(bench.broker.browse("q"), numbers(51, 60));
  bench.broker.advance(50);
  EXPECT_EQ(bench.broker.dropped("q", DeathReason::expired), 60U);
  EXPECT_THAT(bench.broker.journal.stored("q"), IsEmpty());
}

TEST(QueuePaging, MessagesInTheStoreExpireWhereverTheyStand) {
  PagedBench bench;
  send_numbers(bench.client, 1, 10);
  bench.client.send("q", "late", persistent(with_expiration("900")));
  send_numbers(bench.client, 11, 1500, persistent(with_expiration("100")));
  send_numbers(bench.client, 1501, 1510);
  bench.broker.advance(99);
  EXPECT_EQ(bench.broker.ready("q"), 1511U);
  bench.broker.advance(1);
  EXPECT_EQ(bench.broker.ready("q"), 21U);
  EXPECT_EQ(bench.broker.dropped("q", DeathReason::expired), 1490U);
  bench.broker.advance(1);  // The journal's writer gets the removals.
  EXPECT_EQ(bench.broker.vhost().next_deadline(), bench.broker.now() + 799);
  bench.broker.advance(799);
  bench.broker.advance(1);
  EXPECT_EQ(bench.broker.vhost().next_deadline(), Vhost::never);
  bench.client.consume("q");
  std::vector<std::string> left = numbers(1, 10);
  for (const std::string& body : numbers(1501, 1510)) left.push_back(body);
  EXPECT_EQ(bench.client.bodies(), left);
}

TEST(QueuePaging, WhatExpiresInTheStoreWhileItIsBeingReadIsTakenOnce) {
  PagedBench bench;
  send_numbers(bench.client, 1, 4);
  send_numbers(bench.client, 5, 8, persistent(with_expiration("100")));
  send_numbers(bench.client, 9, 12);
  bench.broker.reads_at_once = false;
  bench.broker.advance(100);           // asks for what has expired
  bench.client.consume("q").ignore();  // asks for the next block
  while (bench.broker.journal.has_reads()) bench.broker.answer_read();
  bench.broker.reads_at_once = true;
  bench.client.recover();
  std::vector<std::string> left = numbers(1, 4);
  for (const std::string& body : numbers(9, 12)) left.push_back(body);
  bench.client.cancel("c").recover();
  EXPECT_EQ(bench.broker.browse("q"), left);
  EXPECT_EQ(bench.broker.dropped("q", DeathReason::expired), 4U);
}

TEST(QueuePaging, WhatExpiredWhileTheBrokerWasDownIsFoundAtTheStart) {
  PagedBench bench;
  send_numbers(bench.client, 1, 10);
  send_numbers(bench.client, 11, 20, persistent(with_expiration("100")));
  send_numbers(bench.client, 21, 22);
  bench.broker.skip(100);
  bench.broker.restart();
  bench.broker.advance(0);
  EXPECT_EQ(bench.broker.ready("q"), 12U);
  EXPECT_EQ(bench.broker.dropped("q", DeathReason::expired), 10U);
}

// Priorities.

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

// Recovery.

TEST(QueueRecovery, StartsFromCountsAndGivesEverythingInOrder) {
  PagedBench bench;
  send_numbers(bench.client, 1, 100);
  bench.client.send("q", "transient");
  bench.broker.restart();
  EXPECT_EQ(bench.broker.ready("q"), 100U);
  TestClient client{bench.broker};
  client.send("q", "101", persistent()).consume("q");
  EXPECT_EQ(client.bodies(), numbers(1, 101));
}

TEST(QueueRecovery, WhatMayHaveBeenDeliveredIsMarkedRedelivered) {
  Bench bench;
  send_numbers(bench.client, 1, 3);
  bench.client.get("q").get("q").ack(1);
  bench.broker.restart();
  TestClient client{bench.broker};
  client.consume("q").ignore();
  client.recover().close_channel(1);
  client.open(1).consume("q").ignore();
  bench.broker.restart();
  TestClient again{bench.broker};
  again.consume("q");
  EXPECT_THAT(again.received(), ElementsAre("basic.consume-ok 'c'", "deliver c 1 '2' redelivered",
                                            "deliver c 2 '3' redelivered"));
}

TEST(QueueRecovery, AfterAStopOnlyWhatWasDeliveredIsMarked) {
  Bench bench;
  send_numbers(bench.client, 1, 3);
  bench.client.get("q");
  bench.broker.stop_and_start();
  TestClient client{bench.broker};
  client.consume("q");
  EXPECT_THAT(client.received(), ElementsAre("basic.consume-ok 'c'", "deliver c 1 '1' redelivered",
                                             "deliver c 2 '2'", "deliver c 3 '3'"));
}

TEST(QueueRecovery, AfterACrashWhatMayHaveBeenDeliveredIsMarked) {
  Bench bench;
  send_numbers(bench.client, 1, 2);
  bench.client.get("q");
  bench.broker.restart();
  TestClient client{bench.broker};
  client.consume("q");
  EXPECT_THAT(client.received(), ElementsAre("basic.consume-ok 'c'", "deliver c 1 '1' redelivered",
                                             "deliver c 2 '2' redelivered"));
  send_numbers(client, 3, 3);
  EXPECT_THAT(client.received(), ElementsAre("deliver c 3 '3'"));
}

TEST(QueueRecovery, WhatACrashLeftInDoubtIsStillMarkedAfterAStop) {
  Bench bench;
  send_numbers(bench.client, 1, 2);
  bench.client.get("q");
  bench.broker.restart();
  bench.broker.stop_and_start();
  TestClient client{bench.broker};
  client.get("q");
  EXPECT_THAT(client.received(), ElementsAre("get-ok 1 '1' redelivered left 1"));
}

TEST(QueueRecovery, SeqsGoOnWhereTheyWere) {
  Bench bench;
  send_numbers(bench.client, 1, 3);
  bench.client.consume("q").ack(3, true);
  bench.broker.restart();
  TestClient client{bench.broker};
  client.send("q", "4", persistent());
  EXPECT_EQ(bench.broker.queue("q").last_seq, 4U);
}

// Single active consumer.

TEST(QueueSingleActive, OnlyTheFirstIsServedUntilItGoes) {
  Bench bench{{{"x-single-active-consumer", true}}};
  TestClient second{bench.broker};
  bench.client.qos(1).consume("q", {.tag = "first"}).ignore();
  second.consume("q", {.tag = "second"}).ignore();
  send_numbers(bench.client, 1, 3);
  EXPECT_THAT(bench.client.bodies(), ElementsAre("1"));
  EXPECT_THAT(second.bodies(), IsEmpty());
  bench.client.cancel("first");
  EXPECT_THAT(second.bodies(), ElementsAre("2", "3"));
}

}  // namespace
}  // namespace leveret::broker::test
