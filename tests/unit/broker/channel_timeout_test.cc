#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/broker/support/test_client.h"

/// Consumers that hold a message for too long (RabbitMQ 4.3, consumers: delivery acknowledgement
/// timeout).
namespace leveret::broker::test {
namespace {

using amqp::Table;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

struct Bench {
  explicit Bench(const Table& arguments = {{"x-consumer-timeout", 100}},
                 const ClientOptions& options = {})
      : client{broker, options} {
    client.declare("q", {.durable = true, .arguments = arguments})
        .send("q", "1")
        .send("q", "2")
        .ignore();
  }
  TestBroker broker{{.consumer_timeout_ms = 500}};
  TestClient client;
};

TEST(ConsumerTimeout, TheMessageGoesBackAndTheConsumerIsCancelledAndTheChannelLives) {
  Bench bench;
  bench.client.qos(1).consume("q").ignore();
  bench.broker.advance(99);
  EXPECT_THAT(bench.client.received(), IsEmpty());
  bench.broker.advance(1);
  EXPECT_THAT(bench.client.received(), ElementsAre("basic.cancel 'c' true"));
  EXPECT_EQ(bench.broker.ready("q"), 2U);
  EXPECT_EQ(bench.broker.queue("q").consumers, 0U);
  bench.client.get("q");
  EXPECT_THAT(bench.client.received(), ElementsAre("get-ok 2 '1' redelivered left 1"));
}

TEST(ConsumerTimeout, AnotherConsumerIsServed) {
  Bench bench;
  TestClient other{bench.broker};
  bench.client.qos(1).consume("q").ignore();
  bench.broker.advance(50);
  other.consume("q").ack(1);
  bench.broker.advance(50);
  EXPECT_THAT(other.bodies(), ElementsAre("2", "1"));
}

TEST(ConsumerTimeout, WhatIsSettledInTimeDoesNotTimeOut) {
  Bench bench;
  bench.client.qos(1).consume("q").ignore();
  bench.broker.advance(60);
  bench.client.ack(1).ignore();
  bench.broker.advance(60);
  EXPECT_THAT(bench.client.received(), IsEmpty());
  bench.broker.advance(40);
  EXPECT_THAT(bench.client.received(), ElementsAre("basic.cancel 'c' true"));
}

TEST(ConsumerTimeout, ALateSettlementIsIgnoredOnce) {
  Bench bench;
  bench.client.consume("q").ignore();
  bench.broker.advance(100);
  bench.client.ignore();
  bench.client.ack(1).nack(2);
  EXPECT_THAT(bench.client.received(), IsEmpty());
  EXPECT_EQ(bench.broker.ready("q"), 2U);
  bench.client.ack(1);
  EXPECT_THAT(bench.client.received(),
              ElementsAre("channel.close 406 PRECONDITION_FAILED - unknown delivery tag 1"));
}

TEST(ConsumerTimeout, ALateSettlementOfMultipleSettlesWhatIsStillHeld) {
  Bench bench;
  bench.client.get("q").qos(0).ignore();
  bench.broker.advance(50);
  bench.client.get("q").ignore();
  bench.broker.advance(50);
  EXPECT_EQ(bench.broker.ready("q"), 1U);
  bench.client.ack(1, true);
  EXPECT_EQ(bench.broker.unacked("q"), 1U);
  bench.broker.advance(49);
  bench.client.ack(2);
  EXPECT_EQ(bench.broker.ready("q"), 1U);
  EXPECT_THAT(bench.client.received(), IsEmpty());
}

TEST(ConsumerTimeout, AClientThatKnowsNoCancellationHasItsChannelClosed) {
  Bench bench{{{"x-consumer-timeout", 100}}, {.consumer_cancel_notify = false}};
  bench.client.consume("q").ignore();
  bench.broker.advance(100);
  EXPECT_THAT(bench.client.received(),
              ElementsAre("channel.close 406 PRECONDITION_FAILED - delivery acknowledgement on "
                          "channel 1 timed out. Timeout value used: 100 ms. This timeout value can "
                          "be configured, see consumers doc guide to learn more"));
  EXPECT_EQ(bench.broker.ready("q"), 2U);
}

TEST(ConsumerTimeout, TheConsumersArgumentGoesBeforeItsQueues) {
  Bench bench;
  bench.client.consume("q", {.arguments = {{"x-consumer-timeout", 200}}}).ignore();
  bench.broker.advance(199);
  EXPECT_THAT(bench.client.received(), IsEmpty());
  bench.broker.advance(1);
  EXPECT_THAT(bench.client.received(), ElementsAre("basic.cancel 'c' true"));
}

TEST(ConsumerTimeout, OfZeroIsNone) {
  Bench bench{{{"x-consumer-timeout", 0}}};
  bench.client.consume("q").ignore();
  EXPECT_EQ(bench.broker.vhost().next_deadline(), Vhost::never);
}

TEST(ConsumerTimeout, QuorumQueuesHaveTheBrokersAndClassicQueuesNone) {
  Bench classic{Table{}};
  classic.client.consume("q").ignore();
  EXPECT_EQ(classic.broker.vhost().next_deadline(), Vhost::never);
  Bench quorum{{{"x-queue-type", "quorum"}}};
  quorum.client.consume("q").ignore();
  EXPECT_EQ(quorum.broker.vhost().next_deadline(), quorum.broker.now() + 500);
}

TEST(ConsumerTimeout, CountsAsAFailedDelivery) {
  Bench bench{{{"x-consumer-timeout", 100}, {"x-delivery-limit", 0}}};
  bench.client.qos(1).consume("q").ignore();
  bench.broker.advance(100);
  EXPECT_EQ(bench.broker.dropped("q", DeathReason::delivery_limit), 1U);
}

TEST(ConsumerTimeout, MustBeANumberOfMilliseconds) {
  Bench bench;
  bench.client.consume("q", {.arguments = {{"x-consumer-timeout", "soon"}}});
  EXPECT_THAT(bench.client.received(),
              ElementsAre("channel.close 406 PRECONDITION_FAILED - invalid arg "
                          "'x-consumer-timeout': it must be a number of milliseconds, ten years "
                          "at most, not 'soon' of type 'longstr'"));
}

}  // namespace
}  // namespace leveret::broker::test
