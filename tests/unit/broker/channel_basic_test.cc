#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "unit/broker/support/test_client.h"

namespace leveret::broker::test {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::StartsWith;

/// Sends bodies "1" to "count" to queue 'q'.
void send_numbers(TestClient& client, int count) {
  client.together([&] {
    for (int i = 1; i <= count; ++i) client.send("q", std::to_string(i));
  });
}

// Consuming.

TEST(ChannelBasic, AMessageGoesStraightToAWaitingConsumer) {
  TestBroker broker;
  TestClient client{broker};
  client.declare("q").consume("q").send("q", "1");
  EXPECT_THAT(client.received(),
              ElementsAre("queue.declare-ok 'q' 0 0", "basic.consume-ok 'c'", "deliver c 1 '1'"));
}

TEST(ChannelBasic, ConsumeOkComesBeforeWhatWasWaiting) {
  TestBroker broker;
  TestClient client{broker};
  client.declare("q");
  send_numbers(client, 2);
  client.ignore();
  client.consume("q");
  EXPECT_THAT(client.received(),
              ElementsAre("basic.consume-ok 'c'", "deliver c 1 '1'", "deliver c 2 '2'"));
}

TEST(ChannelBasic, DeliveryTagsAreSharedByConsumersAndGetsOfAChannel) {
  TestBroker broker;
  TestClient client{broker};
  client.declare("q").consume("q", {.no_ack = true}).ignore();
  client.send("q", "1").cancel("c").send("q", "2").get("q").send("q", "3").get("q", true);
  client.consume("q").send("q", "4").ack(4);
  EXPECT_THAT(client.received(),
              ElementsAre("deliver c 1 '1'", "basic.cancel-ok 'c'", "get-ok 2 '2' left 0",
                          "get-ok 3 '3' left 0", "basic.consume-ok 'c'", "deliver c 4 '4'"));
  client.open(2).on(2).send("q", "5").get("q").on(1).cancel("c").ignore();
  client.on(2).send("q", "6").get("q");
  EXPECT_THAT(client.received(), ElementsAre("2: get-ok 1 '6' left 0"));
}

TEST(ChannelBasic, PrefetchLimitsEachConsumerStartedAfterIt) {
  TestBroker broker;
  TestClient client{broker};
  client.declare("q").qos(2).consume("q", {.tag = "a"}).qos(1).consume("q", {.tag = "b"}).ignore();
  send_numbers(client, 6);
  EXPECT_THAT(client.received(),
              ElementsAre("deliver a 1 '1'", "deliver b 2 '2'", "deliver a 3 '3'"));
  client.ack(2);
  EXPECT_THAT(client.received(), ElementsAre("deliver b 4 '4'"));
  client.ack(3, true);
  EXPECT_THAT(client.received(), ElementsAre("deliver a 5 '5'", "deliver a 6 '6'"));
}

TEST(ChannelBasic, GlobalPrefetchIsSharedByTheChannel) {
  TestBroker broker;
  TestClient client{broker};
  client.declare("q").qos(3, true).consume("q", {.tag = "a"}).consume("q", {.tag = "b"}).ignore();
  send_numbers(client, 6);
  EXPECT_THAT(client.bodies(), ElementsAre("1", "2", "3"));
  client.ack(1);
  EXPECT_THAT(client.bodies(), ElementsAre("4"));
  client.qos(5, true);
  EXPECT_THAT(client.bodies(), ElementsAre("5", "6"));
}

TEST(ChannelBasic, BothPrefetchesApplyTogether) {
  TestBroker broker;
  TestClient client{broker};
  client.declare("q").qos(2).qos(3, true).consume("q", {.tag = "a"}).consume("q", {.tag = "b"});
  client.ignore();
  send_numbers(client, 9);
  EXPECT_THAT(client.bodies(), ElementsAre("1", "2", "3"));
}

TEST(ChannelBasic, NoAckAndGetKnowNoPrefetch) {
  TestBroker broker;
  TestClient client{broker};
  client.declare("q").qos(1).qos(1, true).consume("q", {.no_ack = true}).ignore();
  send_numbers(client, 3);
  EXPECT_THAT(client.bodies(), ElementsAre("1", "2", "3"));
  client.cancel("c");
  send_numbers(client, 2);
  client.get("q").get("q");
  EXPECT_THAT(client.bodies(), ElementsAre("1", "2"));
}

TEST(ChannelBasic, APrefetchSizeIsNotImplemented) {
  TestBroker broker;
  TestClient client{broker};
  client.method(amqp::basic::Qos{.prefetch_size = 1});
  EXPECT_THAT(client.received(), ElementsAre(StartsWith("connection.close 540 NOT_IMPLEMENTED - "
                                                        "prefetch_size!=0 (1)")));
}

TEST(ChannelBasic, ConsumersTakeTurns) {
  TestBroker broker;
  TestClient a{broker};
  TestClient b{broker};
  a.declare("q").consume("q", {.tag = "a1"}).consume("q", {.tag = "a2"});
  b.consume("q", {.tag = "b"}).ignore();
  a.ignore();
  send_numbers(b, 6);
  EXPECT_THAT(a.received(), ElementsAre("deliver a1 1 '1'", "deliver a2 2 '2'", "deliver a1 3 '4'",
                                        "deliver a2 4 '5'"));
  EXPECT_THAT(b.received(), ElementsAre("deliver b 1 '3'", "deliver b 2 '6'"));
}

TEST(ChannelBasic, TheHighestPriorityWithCreditIsServed) {
  TestBroker broker;
  TestClient client{broker};
  client.declare("q").qos(1);
  client.consume("q", {.tag = "low", .arguments = {{"x-priority", -1}}});
  client.consume("q", {.tag = "high", .arguments = {{"x-priority", 10}}});
  client.consume("q", {.tag = "mid"}).consume("q", {.tag = "mid2"}).ignore();
  send_numbers(client, 3);
  EXPECT_THAT(client.received(),
              ElementsAre("deliver high 1 '1'", "deliver mid 2 '2'", "deliver mid2 3 '3'"));
  client.ack(1).send("q", "4").send("q", "5");
  EXPECT_THAT(client.received(), ElementsAre("deliver high 4 '4'", "deliver low 5 '5'"));
}

TEST(ChannelBasic, APriorityThatIsNoIntegerIsRefused) {
  TestBroker broker;
  TestClient client{broker};
  client.declare("q").ignore();
  client.consume("q", {.arguments = {{"x-priority", "high"}}});
  EXPECT_THAT(client.received(), ElementsAre(StartsWith("channel.close 406 PRECONDITION_FAILED - "
                                                        "invalid arg 'x-priority'")));
  EXPECT_EQ(broker.queue("q").consumers, 0U);
}

TEST(ChannelBasic, AnExclusiveConsumerIsAlone) {
  const std::string refused =
      "channel.close 403 ACCESS_REFUSED - queue 'q' in vhost '/' in exclusive use";
  TestBroker broker;
  TestClient first{broker};
  TestClient second{broker};
  first.declare("q").consume("q", {.exclusive = true});
  second.consume("q");
  EXPECT_THAT(second.received(), ElementsAre(refused));
  first.cancel("c").consume("q");
  second.close_channel_ok(1);
  second.open(1).ignore();
  second.consume("q", {.exclusive = true});
  EXPECT_THAT(second.received(), ElementsAre(refused));
}

TEST(ChannelBasic, ReusingAConsumerTagClosesTheConnection) {
  TestBroker broker;
  TestClient client{broker};
  client.declare("q").consume("q").open(2).on(2).consume("q").on(1).ignore();
  client.consume("q");
  EXPECT_THAT(client.received(), ElementsAre("connection.close 530 NOT_ALLOWED - attempt to reuse "
                                             "consumer tag 'c'"));
}

TEST(ChannelBasic, TheServerMakesTagsForConsumersWithoutOne) {
  TestBroker broker;
  TestClient client{broker};
  client.declare("q").ignore();
  client.consume("q", {.tag = ""});
  EXPECT_THAT(client.received(), ElementsAre(StartsWith("basic.consume-ok 'amq.ctag-")));
}

TEST(ChannelBasic, AfterCancelOkNothingIsDelivered) {
  TestBroker broker;
  TestClient client{broker};
  client.declare("q").consume("q").ignore();
  client.together([&] { client.send("q", "1").cancel("c").send("q", "2"); });
  EXPECT_THAT(client.received(), ElementsAre("deliver c 1 '1'", "basic.cancel-ok 'c'"));
  EXPECT_EQ(broker.unacked("q"), 1U);
  client.ack(1).cancel("unknown");
  EXPECT_THAT(client.received(), ElementsAre("basic.cancel-ok 'unknown'"));
  EXPECT_EQ(broker.unacked("q"), 0U);
}

TEST(ChannelBasic, DeletingTheQueueCancelsConsumersThatAskedToBeTold) {
  TestBroker broker;
  TestClient told{broker};
  TestClient silent{broker, {.consumer_cancel_notify = false}};
  told.declare("q").consume("q").ignore();
  silent.consume("q").ignore();
  TestClient other{broker};
  other.send("q", "1").send("q", "2").delete_queue("q");
  EXPECT_THAT(told.received(), ElementsAre("deliver c 1 '1'", "basic.cancel 'c' true"));
  EXPECT_THAT(silent.received(), ElementsAre("deliver c 1 '2'"));
  told.ack(1).declare("q").consume("q").send("q", "3");
  EXPECT_THAT(told.bodies(), ElementsAre("3"));
}

// Get.

TEST(ChannelBasic, GetTellsHowManyAreLeft) {
  TestBroker broker;
  TestClient client{broker};
  client.declare("q");
  send_numbers(client, 2);
  client.ignore();
  client.get("q").get("q", true).get("q");
  EXPECT_THAT(client.received(),
              ElementsAre("get-ok 1 '1' left 1", "get-ok 2 '2' left 0", "basic.get-empty ''"));
  EXPECT_EQ(broker.unacked("q"), 1U);
}

// Settling.

TEST(ChannelBasic, SettlingAnUnknownTagClosesTheChannel) {
  const auto closes_with = [](std::uint64_t tag, const std::function<void(TestClient&)>& act) {
    TestBroker broker;
    TestClient client{broker};
    client.declare("q").consume("q");
    send_numbers(client, 2);
    client.ack(1).open(2).ignore();
    act(client);
    EXPECT_THAT(client.received(),
                ElementsAre("channel.close 406 PRECONDITION_FAILED - unknown delivery tag " +
                            std::to_string(tag)));
    EXPECT_THAT(broker.browse("q"), ElementsAre("2"));
  };
  closes_with(1, [](auto& c) { c.ack(1); });
  closes_with(3, [](auto& c) { c.ack(3); });
  closes_with(1, [](auto& c) { c.ack(1, true); });
  closes_with(3, [](auto& c) { c.nack(3, true); });
  closes_with(1, [](auto& c) { c.reject(1); });
  closes_with(0, [](auto& c) { c.ack(0); });
  closes_with(0, [](auto& c) { c.reject(0, true); });
}

TEST(ChannelBasic, TagsOfAnotherChannelAreUnknown) {
  TestBroker broker;
  TestClient client{broker};
  client.declare("q").send("q", "1").get("q").open(2).ignore();
  client.on(2).ack(1);
  EXPECT_THAT(client.received(),
              ElementsAre("2: channel.close 406 PRECONDITION_FAILED - unknown delivery tag 1"));
  EXPECT_EQ(broker.unacked("q"), 1U);
}

TEST(ChannelBasic, AckMultipleSettlesAllUpToIt) {
  TestBroker broker;
  TestClient client{broker};
  client.declare("q").consume("q");
  send_numbers(client, 4);
  client.ack(2).ack(3, true);
  EXPECT_EQ(broker.unacked("q"), 1U);
  client.ack(0, true);
  EXPECT_EQ(broker.unacked("q"), 0U);
  client.ignore();
  client.ack(0, true);
  EXPECT_THAT(client.received(), IsEmpty());
}

TEST(ChannelBasic, RejectedMessagesWithoutADeadLetterExchangeAreDroppedAndCounted) {
  TestBroker broker;
  TestClient client{broker};
  client.declare("q").consume("q");
  send_numbers(client, 3);
  client.reject(1).nack(3, true, false);
  EXPECT_EQ(broker.dropped("q", DeathReason::rejected), 3U);
  EXPECT_EQ(broker.ready("q") + broker.unacked("q"), 0U);
}

TEST(ChannelBasic, ARequeuedMessageComesAgainAsRedelivered) {
  TestBroker broker;
  TestClient client{broker};
  client.declare("q").consume("q").send("q", "1").ignore();
  client.nack(1);
  EXPECT_THAT(client.received(), ElementsAre("deliver c 2 '1' redelivered"));
  client.reject(2, true);
  EXPECT_THAT(client.received(), ElementsAre("deliver c 3 '1' redelivered"));
}

TEST(ChannelBasic, RequeuedMessagesGoBackToTheirPlaces) {
  TestBroker broker;
  TestClient client{broker};
  client.declare("q");
  send_numbers(client, 5);
  for (int i = 0; i < 4; ++i) client.get("q");
  client.nack(3).nack(1).ack(2).nack(4);
  EXPECT_THAT(broker.browse("q"), ElementsAre("1", "3", "4", "5"));
}

TEST(ChannelBasic, RandomSubsetsRequeuedInAnyOrderKeepTheQueuesOrder) {
  std::mt19937 random{42};
  for (int round = 0; round < 60; ++round) {
    TestBroker broker;
    TestClient client{broker};
    client.declare("q");
    send_numbers(client, 30);
    std::vector<int> left(30);
    for (int i = 0; i < 30; ++i) left[static_cast<std::size_t>(i)] = i + 1;
    std::vector<std::uint64_t> tags;
    const int taken = 1 + static_cast<int>(random() % 29);
    for (int i = 1; i <= taken; ++i) {
      client.get("q");
      tags.push_back(static_cast<std::uint64_t>(i));
    }
    std::ranges::shuffle(tags, random);
    client.together([&] {
      for (const std::uint64_t tag : tags) {
        if (random() % 3 != 0) {
          client.nack(tag);
        } else {
          client.ack(tag);
          std::erase(left, static_cast<int>(tag));
        }
      }
    });
    std::vector<std::string> expected;
    for (const int number : left) expected.push_back(std::to_string(number));
    ASSERT_EQ(broker.browse("q"), expected) << "round " << round;
  }
}

TEST(ChannelBasic, RecoverRequeuesEverythingOfTheChannel) {
  TestBroker broker;
  TestClient client{broker};
  client.declare("q");
  send_numbers(client, 3);
  client.get("q").get("q").ignore();
  client.recover();
  EXPECT_THAT(client.received(), ElementsAre("basic.recover-ok"));
  EXPECT_THAT(broker.browse("q"), ElementsAre("1", "2", "3"));
  client.get("q");
  EXPECT_THAT(client.received(), ElementsAre("get-ok 3 '1' redelivered left 2"));
  client.method(amqp::basic::RecoverAsync{.requeue = true});
  EXPECT_THAT(client.received(), IsEmpty());
  EXPECT_EQ(broker.ready("q"), 3U);
}

TEST(ChannelBasic, RecoverRedeliversToTheSameConsumer) {
  TestBroker broker;
  TestClient client{broker};
  client.declare("q").qos(2).consume("q");
  send_numbers(client, 3);
  client.ignore();
  client.recover();
  EXPECT_THAT(client.received(), ElementsAre("basic.recover-ok", "deliver c 3 '1' redelivered",
                                             "deliver c 4 '2' redelivered"));
}

TEST(ChannelBasic, RecoverWithoutRequeueIsNotImplemented) {
  TestBroker broker;
  TestClient client{broker};
  client.method(amqp::basic::Recover{.requeue = false});
  EXPECT_THAT(client.received(), ElementsAre(StartsWith("connection.close 540 NOT_IMPLEMENTED")));
}

TEST(ChannelBasic, ClosingTheChannelRequeuesInOrder) {
  TestBroker broker;
  TestClient client{broker};
  client.declare("q").consume("q");
  send_numbers(client, 4);
  client.ack(2).close_channel(1);
  EXPECT_THAT(broker.browse("q"), ElementsAre("1", "3", "4"));
  client.open(1).ignore();
  client.get("q");
  EXPECT_THAT(client.received(), ElementsAre("get-ok 1 '1' redelivered left 2"));
}

TEST(ChannelBasic, LosingTheConnectionHandsItsMessagesToOthers) {
  TestBroker broker;
  TestClient lost{broker};
  TestClient other{broker};
  lost.declare("q").consume("q");
  send_numbers(lost, 3);
  other.consume("q").ignore();
  lost.drop();
  EXPECT_THAT(other.received(),
              ElementsAre("deliver c 1 '1' redelivered", "deliver c 2 '2' redelivered",
                          "deliver c 3 '3' redelivered"));
}

// Publishing.

TEST(ChannelBasic, AnUnroutableMandatoryMessageIsReturned) {
  TestBroker broker;
  TestClient client{broker};
  client.send("absent", "1", {}, {.mandatory = true}).send("absent", "2");
  EXPECT_THAT(client.received(), ElementsAre("return '1'"));
  EXPECT_EQ(broker.vhost().stats().return_unroutable, 1U);
  EXPECT_EQ(broker.vhost().stats().drop_unroutable, 1U);
}

TEST(ChannelBasic, ImmediateIsNotImplemented) {
  TestBroker broker;
  TestClient client{broker};
  client.declare("q").ignore();
  client.send("q", "1", {}, {.immediate = true});
  EXPECT_THAT(client.received(),
              ElementsAre("connection.close 540 NOT_IMPLEMENTED - immediate=true"));
}

TEST(ChannelBasic, AnExpirationThatIsNoNumberIsRefused) {
  const std::pair<const char*, const char*> refusals[] = {
      {"", "no_integer"},
      {"soon", "no_integer"},
      {"+-1", "no_integer"},
      {"-1", "{value_negative,-1}"},
      {"1.5", "{leftover_string,\".5\"}"},
      {"10 ", "{leftover_string,\" \"}"},
      {"99999999999999999999", "{value_too_large,99999999999999999999}"},
  };
  for (const auto& [expiration, reason] : refusals) {
    TestBroker broker;
    TestClient client{broker};
    client.declare("q").ignore();
    client.send("q", "1", with_expiration(expiration));
    EXPECT_THAT(client.received(),
                ElementsAre("channel.close 406 PRECONDITION_FAILED - invalid expiration '" +
                            std::string{expiration} + "': " + reason));
  }
}

TEST(ChannelBasic, AnExpirationMayHaveASign) {
  TestBroker broker;
  TestClient client{broker};
  client.declare("q").ignore();
  client.send("q", "1", with_expiration("+1000"));
  EXPECT_EQ(broker.ready("q"), 1U);
}

TEST(ChannelBasic, AnEnormousExpirationIsNoOverflow) {
  TestBroker broker;
  TestClient client{broker};
  client.declare("q").send("q", "1", with_expiration("9223372036854775807"));
  broker.advance(1000);
  EXPECT_EQ(broker.dropped("q", DeathReason::expired), 0U);
}

TEST(ChannelBasic, AnotherUsersIdIsRefused) {
  TestBroker broker;
  TestClient client{broker, {.user = "ann"}};
  client.declare("q").ignore();
  amqp::Properties properties;
  properties.user_id = "ann";
  client.send("q", "1", properties);
  EXPECT_THAT(client.received(), IsEmpty());
  properties.user_id = "bob";
  client.send("q", "2", properties);
  EXPECT_THAT(client.received(),
              ElementsAre("channel.close 406 PRECONDITION_FAILED - user_id property set to 'bob' "
                          "but authenticated user was 'ann'"));
}

TEST(ChannelGet, IsNotForAQuorumQueueWithASingleActiveConsumer) {
  TestBroker broker;
  TestClient client{broker};
  client.declare("q",
                 {.durable = true,
                  .arguments = {{"x-queue-type", "quorum"}, {"x-single-active-consumer", true}}});
  client.ignore();
  client.send("q", "1").get("q");
  EXPECT_THAT(client.received(),
              ElementsAre("channel.close 405 RESOURCE_LOCKED - cannot obtain access to locked "
                          "queue 'q' in vhost '/'. basic.get operations are not supported by "
                          "quorum queues with single active consumer"));
}

}  // namespace
}  // namespace leveret::broker::test
