#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/broker/support/test_client.h"

namespace leveret::broker::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::MatchesRegex;
using ::testing::StartsWith;

/// What a client hears that does `act` in a vhost with queue 'q' of `options`.
std::vector<std::string> answer(const QueueOptions& options,
                                const std::function<void(TestClient&)>& act) {
  TestBroker broker;
  TestClient client{broker};
  client.declare("q", options).ignore();
  act(client);
  return client.received();
}

std::string inequivalent(const std::string& rest) {
  return "channel.close 406 PRECONDITION_FAILED - inequivalent arg " + rest;
}

TEST(ChannelQueue, DeclaringTheSameAgainTellsItsCounts) {
  EXPECT_THAT(answer({}, [](auto& c) { c.send("q", "1").send("q", "2").declare("q"); }),
              ElementsAre("queue.declare-ok 'q' 2 0"));
}

TEST(ChannelQueue, CountsAreOfReadyMessagesOnly) {
  EXPECT_THAT(answer({}, [](auto& c) { c.send("q", "1").get("q").declare("q"); }),
              ElementsAre("get-ok 1 '1' left 0", "queue.declare-ok 'q' 0 0"));
}

TEST(ChannelQueue, OtherFlagsAreInequivalent) {
  EXPECT_THAT(answer({}, [](auto& c) { c.declare("q", {.durable = true}); }),
              ElementsAre(inequivalent("'durable' for queue 'q' in vhost '/': received 'true' but "
                                       "current is 'false'")));
  EXPECT_THAT(answer({}, [](auto& c) { c.declare("q", {.auto_delete = true}); }),
              ElementsAre(inequivalent("'auto_delete' for queue 'q' in vhost '/': received 'true' "
                                       "but current is 'false'")));
}

TEST(ChannelQueue, OtherArgumentsAreInequivalentInRabbitMqsWords) {
  EXPECT_THAT(
      answer({},
             [](auto& c) {
               c.declare("q", {.arguments = {{"x-message-ttl", 1}}});
             }),
      ElementsAre(inequivalent("'x-message-ttl' for queue 'q' in vhost '/': received the value '1' "
                               "of type 'signedint' but current is none")));
  EXPECT_THAT(
      answer({.arguments = {{"x-max-length", std::int64_t{5}}}}, [](auto& c) { c.declare("q"); }),
      ElementsAre(inequivalent("'x-max-length' for queue 'q' in vhost '/': received none but "
                               "current is the value '5' of type 'long'")));
}

TEST(ChannelQueue, IntegersOfAnotherWidthAreEquivalent) {
  EXPECT_THAT(answer({.arguments = {{"x-max-length", std::int64_t{5}}}},
                     [](auto& c) {
                       c.declare("q", {.arguments = {{"x-max-length", 5}}});
                     }),
              ElementsAre("queue.declare-ok 'q' 0 0"));
}

TEST(ChannelQueue, UnknownArgumentsAreNotCompared) {
  EXPECT_THAT(answer({.arguments = {{"x-mine", 1}}},
                     [](auto& c) {
                       c.declare("q", {.arguments = {{"x-mine", "2"}}});
                     }),
              ElementsAre("queue.declare-ok 'q' 0 0"));
}

TEST(ChannelQueue, NoQueueTypeIsClassic) {
  EXPECT_THAT(answer({},
                     [](auto& c) {
                       c.declare("q", {.arguments = {{"x-queue-type", "classic"}}});
                     }),
              ElementsAre("queue.declare-ok 'q' 0 0"));
  EXPECT_THAT(answer({},
                     [](auto& c) {
                       c.declare("q", {.arguments = {{"x-queue-type", "quorum"}}});
                     }),
              ElementsAre(StartsWith(inequivalent("'x-queue-type' for queue 'q' in vhost '/'"))));
}

TEST(ChannelQueue, PassiveDeclareLooksAtNothingElse) {
  EXPECT_THAT(answer({},
                     [](auto& c) {
                       c.declare("q", {.passive = true, .durable = true, .auto_delete = true});
                     }),
              ElementsAre("queue.declare-ok 'q' 0 0"));
  EXPECT_THAT(answer({}, [](auto& c) { c.declare("absent", {.passive = true}); }),
              ElementsAre("channel.close 404 NOT_FOUND - no queue 'absent' in vhost '/'"));
}

TEST(ChannelQueue, ReservedNamesAreRefused) {
  EXPECT_THAT(answer({}, [](auto& c) { c.declare("amq.mine"); }),
              ElementsAre("channel.close 403 ACCESS_REFUSED - queue name 'amq.mine' contains "
                          "reserved prefix 'amq.*'"));
}

TEST(ChannelQueue, TheServerNamesWhatHasNoName) {
  const auto lines = answer({}, [](auto& c) { c.declare("").declare(""); });
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_THAT(lines[0], MatchesRegex("queue.declare-ok 'amq.gen-[A-Za-z0-9_-]+' 0 0"));
  EXPECT_EQ(lines[0].size(), std::string{"queue.declare-ok 'amq.gen-' 0 0"}.size() + 22);
  EXPECT_NE(lines[0], lines[1]);
}

TEST(ChannelQueue, ARefusalNamesTheQueueByTheNameThatTheServerMade) {
  for (const amqp::Table& arguments :
       {amqp::Table{{"x-message-ttl", -1}}, amqp::Table{{"x-queue-type", "quorum"}}}) {
    const auto lines = answer({}, [&](auto& c) { c.declare("", {.arguments = arguments}); });
    ASSERT_EQ(lines.size(), 1U);
    EXPECT_THAT(lines[0], HasSubstr("for queue 'amq.gen-"));
  }
}

TEST(ChannelQueue, TheEmptyNameIsTheQueueDeclaredLastOnTheChannel) {
  TestBroker broker;
  TestClient client{broker};
  client.declare("a").declare("b").bind("", "amq.direct").publish("amq.direct", "b", "1").ignore();
  client.get("").purge("").consume("");
  EXPECT_THAT(client.received(),
              ElementsAre("get-ok 1 '1' left 0", "queue.purge-ok 0", "basic.consume-ok 'c'"));
  client.delete_queue("");
  EXPECT_FALSE(broker.has_queue("b"));
}

TEST(ChannelQueue, TheEmptyNameWithoutADeclarationIs404) {
  TestBroker broker;
  TestClient client{broker};
  client.get("");
  EXPECT_THAT(client.received(),
              ElementsAre("channel.close 404 NOT_FOUND - no previously declared queue"));
}

TEST(ChannelQueue, LineBreaksInNamesAreDropped) {
  TestBroker broker;
  TestClient client{broker};
  client.declare("a\r\nb").declare("c\n").bind("a\nb", "amq.direct", "k");
  EXPECT_THAT(client.received(), ElementsAre("queue.declare-ok 'ab' 0 0",
                                             "queue.declare-ok 'c' 0 0", "queue.bind-ok"));
  client.consume("a\rb").delete_queue("a\rb");
  EXPECT_FALSE(broker.has_queue("ab"));
}

TEST(ChannelQueue, NowaitGetsNoReplyButErrors) {
  EXPECT_THAT(answer({}, [](auto& c) { c.declare("p", {.nowait = true}); }), IsEmpty());
  EXPECT_THAT(answer({}, [](auto& c) { c.declare("q", {.durable = true, .nowait = true}); }),
              ElementsAre(StartsWith("channel.close 406")));
}

TEST(ChannelQueue, AnotherConnectionsExclusiveQueueIsLocked) {
  TestBroker broker;
  TestClient owner{broker};
  owner.declare("q", {.exclusive = true}).open(2).on(2).send("q", "1").get("q");
  for (const auto& act : std::vector<std::function<void(TestClient&)>>{
           [](auto& c) { c.declare("q"); },
           [](auto& c) { c.declare("q", {.passive = true}); },
           [](auto& c) { c.declare("q", {.exclusive = true}); },
           [](auto& c) { c.consume("q"); },
           [](auto& c) { c.get("q"); },
           [](auto& c) { c.purge("q"); },
           [](auto& c) { c.bind("q", "amq.direct", "k"); },
           [](auto& c) { c.delete_queue("q"); },
       }) {
    TestClient other{broker};
    act(other);
    EXPECT_THAT(other.received(), ElementsAre(StartsWith(
                                      "channel.close 405 RESOURCE_LOCKED - cannot obtain exclusive "
                                      "access to locked queue 'q' in vhost '/'. It could be")));
  }
}

TEST(ChannelQueue, RedeclaringAnOrdinaryQueueAsExclusiveIsLockedToo) {
  EXPECT_THAT(answer({}, [](auto& c) { c.declare("q", {.exclusive = true}); }),
              ElementsAre(StartsWith("channel.close 405 RESOURCE_LOCKED")));
}

TEST(ChannelQueue, ExclusiveQueuesAreNeverDurableAndGoWithTheirConnection) {
  TestBroker broker;
  TestClient owner{broker};
  owner.declare("closed", {.durable = true, .exclusive = true});
  EXPECT_FALSE(broker.journal.has_queue("closed"));
  EXPECT_FALSE(broker.queue("closed").durable);
  owner.close_channel(1);
  EXPECT_TRUE(broker.has_queue("closed"));
  owner.close();
  EXPECT_FALSE(broker.has_queue("closed"));
  TestClient lost{broker};
  lost.declare("lost", {.exclusive = true});
  lost.drop();
  EXPECT_FALSE(broker.has_queue("lost"));
}

TEST(ChannelQueue, ManyExclusiveQueuesGoAFewEachTurnAndNobodyFindsThemMeanwhile) {
  TestBroker broker;
  TestClient owner{broker};
  constexpr int count = 1000;
  for (int i = 0; i < count; ++i) owner.declare("q" + std::to_string(i), {.exclusive = true});
  broker.runs_deadlines = false;
  const auto left = [&] { return broker.vhost().all_queues().size(); };
  owner.drop();
  EXPECT_GT(left(), 0U);
  EXPECT_LT(left(), std::size_t{count});
  EXPECT_LE(broker.vhost().next_deadline(), broker.now());
  for (int i = 0; i < count; ++i) EXPECT_FALSE(broker.has_queue("q" + std::to_string(i)));
  TestClient next{broker};
  next.declare("q0", {.exclusive = true}).send("q0", "1").get("q0");
  EXPECT_THAT(next.received(), ElementsAre("queue.declare-ok 'q0' 0 0", "get-ok 1 '1' left 0"));
  while (broker.vhost().next_deadline() <= broker.now()) broker.turn([](Vhost&) {});
  EXPECT_EQ(left(), 1U);
  EXPECT_TRUE(broker.has_queue("q0"));
}

TEST(ChannelQueue, DeletingAnAbsentOneSucceeds) {
  EXPECT_THAT(answer({}, [](auto& c) { c.delete_queue("absent"); }),
              ElementsAre("queue.delete-ok 0"));
}

TEST(ChannelQueue, DeleteTellsHowManyReadyMessagesWent) {
  EXPECT_THAT(
      answer({}, [](auto& c) { c.send("q", "1").send("q", "2").get("q").delete_queue("q"); }),
      ElementsAre("get-ok 1 '1' left 1", "queue.delete-ok 1"));
}

TEST(ChannelQueue, DeleteIfUnusedOrIfEmptyKeepsOneThatIsNot) {
  EXPECT_THAT(answer({}, [](auto& c) { c.consume("q").delete_queue("q", true); }),
              ElementsAre("basic.consume-ok 'c'",
                          "channel.close 406 PRECONDITION_FAILED - queue "
                          "'q' in vhost '/' in use"));
  EXPECT_THAT(answer({}, [](auto& c) { c.send("q", "1").delete_queue("q", false, true); }),
              ElementsAre("channel.close 406 PRECONDITION_FAILED - queue 'q' in vhost '/' not "
                          "empty"));
}

TEST(ChannelQueue, WhatIsUnackedOfADeletedQueueCanStillBeAcked) {
  TestBroker broker;
  TestClient client{broker};
  client.declare("q").send("q", "1").send("q", "2").get("q").get("q").delete_queue("q").ignore();
  client.ack(1).nack(2).declare("q");
  EXPECT_THAT(client.received(), ElementsAre("queue.declare-ok 'q' 0 0"));
}

TEST(ChannelQueue, PurgeLeavesUnackedMessages) {
  TestBroker broker;
  TestClient client{broker};
  client.declare("q", {.durable = true, .arguments = {{"x-dead-letter-exchange", "amq.fanout"}}});
  client.declare("dead").bind("dead", "amq.fanout");
  for (const char* body : {"1", "2", "3"}) client.send("q", body, persistent());
  client.get("q").ignore();
  client.purge("q");
  EXPECT_THAT(client.received(), ElementsAre("queue.purge-ok 2"));
  EXPECT_THAT(broker.journal.stored("q"), ElementsAre("1"));
  EXPECT_EQ(broker.ready("dead"), 0U);
  client.nack(1);
  EXPECT_THAT(broker.browse("q"), ElementsAre("1"));
}

TEST(ChannelQueue, AutoDeleteGoesWithTheLastConsumerByCancelOrChannelOrConnection) {
  TestBroker broker;
  TestClient client{broker};
  for (const char* name : {"a", "b", "c"}) client.declare(name, {.auto_delete = true});
  client.send("a", "1").get("a").ack(1);
  EXPECT_TRUE(broker.has_queue("a"));
  client.consume("a", {.tag = "1"}).consume("a", {.tag = "2"}).cancel("1");
  EXPECT_TRUE(broker.has_queue("a"));
  client.cancel("2");
  EXPECT_FALSE(broker.has_queue("a"));
  client.consume("b").close_channel(1);
  EXPECT_FALSE(broker.has_queue("b"));
  client.open(1).consume("c").drop();
  EXPECT_FALSE(broker.has_queue("c"));
}

}  // namespace
}  // namespace leveret::broker::test
