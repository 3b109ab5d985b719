#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/broker/support/test_client.h"

namespace leveret::broker::test {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

/// A broker whose commits are made by hand, with durable queues 'q' and 'r' and transient 't'.
struct Bench {
  Bench() {
    client.declare("q", {.durable = true}).declare("r", {.durable = true}).declare("t");
    client.bind("q", "amq.fanout").bind("r", "amq.fanout").bind("t", "amq.fanout");
    client.confirm_select().ignore();
    broker.commits_at_once = false;
  }
  TestBroker broker;
  TestClient client{broker};
};

TEST(ChannelConfirm, SelectIsAnsweredUnlessNowait) {
  TestBroker broker;
  TestClient client{broker};
  client.confirm_select().method(amqp::confirm::Select{.nowait = true});
  EXPECT_THAT(client.received(), ElementsAre("confirm.select-ok"));
}

TEST(ChannelConfirm, NumbersStartWithTheFirstPublishAfterSelect) {
  TestBroker broker;
  TestClient client{broker};
  client.declare("t").send("t", "0").confirm_select().ignore();
  client.send("t", "1").confirm_select().send("t", "2");
  EXPECT_THAT(client.received(), ElementsAre("ack 1", "confirm.select-ok", "ack 2"));
}

TEST(ChannelConfirm, ATransientMessageIsConfirmedAtOnce) {
  Bench bench;
  bench.client.send("t", "1").send("q", "2").send("t", "3", persistent());
  EXPECT_THAT(bench.client.received(), ElementsAre("ack 1", "ack 2", "ack 3"));
}

TEST(ChannelConfirm, APersistentMessageWaitsForTheCommit) {
  Bench bench;
  bench.client.send("q", "1", persistent());
  EXPECT_THAT(bench.client.received(), IsEmpty());
  bench.broker.commit();
  EXPECT_THAT(bench.client.received(), ElementsAre("ack 1"));
}

TEST(ChannelConfirm, ConfirmsComeInOrderAndTogether) {
  Bench bench;
  bench.client.send("q", "1", persistent()).send("t", "2").send("r", "3", persistent());
  EXPECT_THAT(bench.client.received(), IsEmpty());
  bench.broker.commit();
  EXPECT_THAT(bench.client.received(), ElementsAre("ack 3 multiple"));
}

TEST(ChannelConfirm, OneCommitDoesNotConfirmWhatCameAfterIt) {
  Bench bench;
  bench.client.send("q", "1", persistent());
  bench.broker.commit();
  bench.client.send("q", "2", persistent());
  EXPECT_THAT(bench.client.received(), ElementsAre("ack 1"));
  bench.broker.commit();
  EXPECT_THAT(bench.client.received(), ElementsAre("ack 2"));
}

TEST(ChannelConfirm, AnAckedMessageIsConfirmedBeforeTheCommit) {
  Bench bench;
  TestClient worker{bench.broker};
  worker.consume("q").ignore();
  bench.client.send("q", "1", persistent());
  EXPECT_THAT(bench.client.received(), IsEmpty());
  worker.ack(1);
  EXPECT_THAT(bench.client.received(), ElementsAre("ack 1"));
  bench.broker.commit();
  EXPECT_THAT(bench.client.received(), IsEmpty());
}

TEST(ChannelConfirm, DeliveryWithoutAcksConfirmsAtOnce) {
  Bench bench;
  TestClient worker{bench.broker};
  worker.consume("q", {.no_ack = true});
  bench.client.send("q", "1", persistent());
  EXPECT_THAT(bench.client.received(), ElementsAre("ack 1"));
}

TEST(ChannelConfirm, AGetWithoutAckConfirmsAtOnce) {
  Bench bench;
  TestClient worker{bench.broker};
  bench.client.send("q", "1", persistent());
  worker.get("q", true);
  EXPECT_THAT(bench.client.received(), ElementsAre("ack 1"));
}

TEST(ChannelConfirm, WithSeveralQueuesAllMustBeSafe) {
  Bench bench;
  TestClient worker{bench.broker};
  worker.consume("q", {.tag = "q"}).ignore();
  bench.client.publish("amq.fanout", "", "1", persistent());
  worker.ack(1);
  EXPECT_THAT(bench.client.received(), IsEmpty());
  worker.consume("r", {.tag = "r"}).ack(2);
  EXPECT_THAT(bench.client.received(), ElementsAre("ack 1"));
}

TEST(ChannelConfirm, ARejectedMessageWaitsForTheCommitOfItsDeadLetter) {
  Bench bench;
  TestClient worker{bench.broker};
  worker.declare(
      "j", {.durable = true,
            .arguments = {{"x-dead-letter-exchange", ""}, {"x-dead-letter-routing-key", "q"}}});
  bench.broker.commit();
  worker.consume("j");
  bench.client.send("j", "1", persistent());
  worker.reject(1);
  EXPECT_THAT(bench.client.received(), IsEmpty());
  bench.broker.commit();
  EXPECT_THAT(bench.client.received(), ElementsAre("ack 1"));
  EXPECT_THAT(bench.broker.journal.stored("q"), ElementsAre("1"));
}

TEST(ChannelConfirm, TheReturnComesBeforeTheAck) {
  Bench bench;
  bench.client.together([&] {
    bench.client.send("t", "1").send("absent", "2", {}, {.mandatory = true}).send("t", "3");
  });
  EXPECT_THAT(bench.client.received(), ElementsAre("return '2'", "ack 3 multiple"));
}

TEST(ChannelConfirm, AnUnroutablePersistentMessageIsAckedAtOnce) {
  Bench bench;
  bench.client.send("absent", "1", persistent());
  EXPECT_THAT(bench.client.received(), ElementsAre("ack 1"));
}

TEST(ChannelConfirm, ARefusedMessageIsNackedThoughOthersKeptIt) {
  Bench bench;
  bench.client
      .declare("full", {.arguments = {{"x-max-length", 1}, {"x-overflow", "reject-publish"}}})
      .bind("full", "amq.fanout")
      .send("full", "0")
      .ignore();
  bench.client.publish("amq.fanout", "", "1", {}, {.mandatory = true}).send("t", "2");
  EXPECT_THAT(bench.client.received(), ElementsAre("nack 2", "ack 3"));
  EXPECT_EQ(bench.broker.ready("q"), 1U);
}

TEST(ChannelConfirm, DeletingTheQueueConfirmsWhatItHeld) {
  Bench bench;
  bench.client.send("q", "1", persistent()).delete_queue("q");
  bench.broker.commit();
  EXPECT_THAT(bench.client.received(), ElementsAre("queue.delete-ok 1", "ack 1"));
}

TEST(ChannelConfirm, PurgingConfirmsAtTheCommit) {
  Bench bench;
  bench.client.send("q", "1", persistent()).purge("q").ignore();
  bench.broker.commit();
  EXPECT_THAT(bench.client.received(), ElementsAre("ack 1"));
}

TEST(ChannelConfirm, AConfirmThatIsOwedToAClosedChannelDoesNotReachTheNextOneOfItsNumber) {
  Bench bench;
  bench.client.send("q", "old", persistent()).close_channel(1);
  bench.client.open(1).confirm_select().ignore();
  bench.client.send("q", "new", persistent());
  bench.broker.commit();
  EXPECT_THAT(bench.client.received(), ElementsAre("ack 1"));
}

TEST(ChannelConfirm, NothingIsConfirmedAfterAChannelWasClosedForAnError) {
  // The client answers with close-ok and opens the number again: it would take a late ack for one
  // of the new channel.
  Bench bench;
  bench.client.send("q", "1", persistent()).ack(99);
  EXPECT_THAT(bench.client.received(),
              ElementsAre(::testing::StartsWith("channel.close 406 PRECONDITION_FAILED")));
  bench.broker.commit();
  EXPECT_THAT(bench.client.received(), IsEmpty());
}

TEST(ChannelConfirm, ACopySettledAfterAnErrorClosedTheChannelConfirmsNothing) {
  Bench bench;
  TestClient worker{bench.broker};
  bench.client.send("q", "1", persistent()).ack(99).ignore();
  worker.get("q").ack(1);
  EXPECT_THAT(bench.client.received(), IsEmpty());
}

TEST(ChannelConfirm, WhatIsSafeIsConfirmedBeforeTheChannelCloses) {
  Bench bench;
  bench.client.together([&] { bench.client.send("t", "1").send("t", "2").ack(99); });
  EXPECT_THAT(bench.client.received(),
              ElementsAre("ack 2 multiple", ::testing::StartsWith("channel.close 406")));
  bench.client.close_channel_ok(1);
  bench.client.open(1).confirm_select().ignore();
  bench.client.together([&] { bench.client.send("t", "1").close_channel(1); });
  EXPECT_THAT(bench.client.received(), ElementsAre("ack 1", "channel.close-ok"));
}

TEST(ChannelConfirm, EveryPublishIsConfirmedOnceHoweverTheyMix) {
  Bench bench;
  TestClient worker{bench.broker};
  worker.qos(5).consume("q").ignore();
  std::uint64_t acked = 0;
  for (int i = 1; i <= 200; ++i) {
    bench.client.publish(i % 3 == 0 ? "amq.fanout" : "", "q", "x",
                         i % 2 == 0 ? persistent() : amqp::Properties{});
    if (i % 7 == 0) bench.broker.commit();
    if (i % 5 == 0) worker.ack(0, true);
  }
  bench.broker.commit();
  for (const std::string& line : bench.client.received()) {
    ASSERT_THAT(line, ::testing::StartsWith("ack "));
    const std::uint64_t number = std::stoull(line.substr(4));
    ASSERT_GT(number, acked);
    ASSERT_TRUE(number == acked + 1 || line.ends_with("multiple"));
    acked = number;
  }
  EXPECT_EQ(acked, 200U);
}

}  // namespace
}  // namespace leveret::broker::test
