#include "broker/queue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/broker/support/queue_bench.h"

namespace leveret::broker::test {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

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
