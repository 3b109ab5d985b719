#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/broker/support/test_client.h"

namespace leveret::broker::test {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::StartsWith;

/// A consumer without prefetch limit that has 25 messages, where ten go back in a turn.
struct RequeueingTest : testing::Test {
  explicit RequeueingTest(bool durable = false) {
    holder.declare("q", {.durable = durable}).declare("r").consume("q");
    for (int i = 1; i <= 25; ++i) holder.send("q", std::to_string(i), properties(durable));
    holder.ignore();
    broker.runs_deadlines = false;
  }
  static amqp::Properties properties(bool durable) {
    return durable ? persistent() : amqp::Properties{};
  }
  void next_turn() {
    broker.turn([](Vhost&) {});
  }
  /// As many turns as the core asks for.
  int turns_until_still() {
    int turns = 0;
    for (; broker.vhost().next_deadline() <= broker.now(); ++turns) next_turn();
    return turns;
  }
  std::vector<std::string> all() {
    std::vector<std::string> bodies;
    for (int i = 1; i <= 25; ++i) bodies.push_back(std::to_string(i));
    return bodies;
  }

  TestBroker broker{{.settled_per_turn = 10}};
  TestClient holder{broker};
  TestClient other{broker};
};

struct RequeueingOfStoredTest : RequeueingTest {
  RequeueingOfStoredTest() : RequeueingTest(true) { broker.commits_at_once = false; }
};

TEST_F(RequeueingTest, OfALostConsumersMessagesSomeGoBackEachTurn) {
  holder.drop();
  EXPECT_EQ(broker.ready("q"), 10U);
  EXPECT_EQ(broker.unacked("q"), 15U);
  next_turn();
  EXPECT_EQ(broker.ready("q"), 20U);
  EXPECT_EQ(turns_until_still(), 1);
  EXPECT_EQ(broker.unacked("q"), 0U);
  EXPECT_EQ(broker.browse("q"), all());
}

TEST_F(RequeueingTest, FewGoBackAtOnce) {
  holder.ack(16, true).drop();
  EXPECT_EQ(broker.ready("q"), 9U);
  EXPECT_EQ(turns_until_still(), 0);
}

TEST_F(RequeueingTest, NothingOvertakesThem) {
  other.consume("q").ignore();
  holder.drop();
  other.send("q", "new");
  EXPECT_THAT(other.bodies(), IsEmpty());
  turns_until_still();
  std::vector<std::string> expected = all();
  expected.push_back("new");
  EXPECT_EQ(other.bodies(), expected);
}

TEST_F(RequeueingTest, AGetWaitsForThem) {
  holder.drop();
  other.get("q");
  EXPECT_THAT(other.received(), IsEmpty());
  turns_until_still();
  const std::vector<Received> got = other.deliveries();
  ASSERT_EQ(got.size(), 1U);
  EXPECT_EQ(got[0].body, "1");
  EXPECT_TRUE(got[0].redelivered);
}

TEST_F(RequeueingOfStoredTest, OtherQueuesGoOn) {
  broker.commit();
  other.consume("r");
  holder.drop();
  other.ignore();
  other.send("r", "x");
  EXPECT_THAT(other.bodies(), ElementsAre("x"));
  EXPECT_GT(broker.unacked("q"), 0U);
}

TEST_F(RequeueingTest, WhatIsOnItsWayIsBrowsedAsUnacked) {
  holder.drop();
  const BrowsePage page = broker.browse_page("q", 0, 100);
  ASSERT_EQ(page.messages.size(), 25U);
  EXPECT_FALSE(page.messages[9].is_unacked);
  EXPECT_TRUE(page.messages[10].is_unacked);
}

TEST_F(RequeueingOfStoredTest, AQueueMayBeDeletedMeanwhile) {
  broker.commit();
  holder.drop();
  TestClient waiting{broker};
  waiting.get("q");
  other.delete_queue("q");
  EXPECT_THAT(waiting.received(), ElementsAre(StartsWith("channel.close 404")));
  turns_until_still();
  EXPECT_FALSE(broker.has_queue("q"));
}

TEST_F(RequeueingTest, ANackOfManyIsDoneBeforeWhatComesAfterIt) {
  holder.cancel("c").ignore();
  holder.nack(0, true).declare("q", {.passive = true});
  EXPECT_THAT(holder.received(), IsEmpty());
  turns_until_still();
  EXPECT_THAT(holder.received(), ElementsAre("queue.declare-ok 'q' 25 0"));
}

TEST_F(RequeueingTest, ANackOfSomeLeavesTheOthers) {
  holder.cancel("c").nack(20, true);
  turns_until_still();
  EXPECT_EQ(broker.ready("q"), 20U);
  EXPECT_EQ(broker.unacked("q"), 5U);
}

TEST_F(RequeueingTest, AClientMayBeLostWhileItsNackGoesOn) {
  holder.nack(0, true).drop();
  turns_until_still();
  EXPECT_EQ(broker.browse("q"), all());
}

// A consumer with a prefetch limit may have others instead at once.
TEST_F(RequeueingTest, TheirPlacesAreFreeAtOnce) {
  other.qos(25).declare("s").consume("q", {.tag = "d"}).ignore();
  holder.drop();
  turns_until_still();
  ASSERT_EQ(other.bodies().size(), 25U);
  other.send("q", "more").nack(0, true).ignore();
  turns_until_still();
  EXPECT_EQ(broker.unacked("q"), 25U);
  EXPECT_THAT(other.bodies(),
              ElementsAre("1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12", "13", "14",
                          "15", "16", "17", "18", "19", "20", "21", "22", "23", "24", "25"));
}

TEST_F(RequeueingTest, AnAckOfManyTakesTurnsAndLeavesWhatCameMeanwhile) {
  holder.ack(0, true);
  EXPECT_EQ(broker.unacked("q"), 15U);
  other.send("q", "new");
  turns_until_still();
  EXPECT_EQ(broker.unacked("q"), 1U);
  EXPECT_THAT(holder.bodies(), ElementsAre("new"));
}

TEST_F(RequeueingTest, ARejectionOfManyTakesTurnsAndKeepsTheirOrder) {
  TestClient dying{broker};
  dying.declare("dead").declare(
      "d", {.arguments = {{"x-dead-letter-exchange", ""}, {"x-dead-letter-routing-key", "dead"}}});
  for (int i = 1; i <= 25; ++i) dying.send("d", std::to_string(i));
  dying.consume("d");
  dying.nack(0, true, false);
  EXPECT_EQ(broker.ready("dead"), 10U);
  turns_until_still();
  EXPECT_EQ(broker.browse("dead"), all());
}

TEST_F(RequeueingOfStoredTest, EachPartWaitsForTheOneBefore) {
  broker.commit();
  holder.drop();
  EXPECT_EQ(broker.ready("q"), 10U);
  EXPECT_GT(broker.vhost().next_deadline(), broker.now());
  broker.commit();
  EXPECT_EQ(broker.ready("q"), 20U);
  broker.commit();
  EXPECT_EQ(broker.ready("q"), 25U);
}

// A client takes what comes before the answer for what has gone back.
TEST_F(RequeueingOfStoredTest, ARecoveryIsAnsweredBeforeAnythingElseIsDelivered) {
  broker.commit();
  holder.consume("r", {.tag = "d"}).ignore();
  holder.recover();
  other.send("r", "x");
  EXPECT_THAT(holder.received(), ElementsAre("basic.recover-ok", "deliver d 26 'x'"));
  broker.commits_at_once = true;
  broker.commit();
  EXPECT_EQ(holder.bodies(), all());
}

TEST_F(RequeueingOfStoredTest, AReplayWaitsForThem) {
  other.declare("target", {.durable = true});
  broker.commit();
  holder.drop();
  const std::vector<BrowsedMessage> shown = broker.browse_page("q", 0, 100).messages;
  OperationRequest request;
  request.queue = "q";
  request.target = "target";
  for (const BrowsedMessage& message : shown) request.selection.seqs.push_back(message.seq);
  OperationId id = 0;
  broker.turn([&](Vhost& vhost) { id = vhost.start_operation(std::move(request)).id; });
  broker.commits_at_once = true;
  broker.commit();
  turns_until_still();
  EXPECT_EQ(broker.vhost().operation(id)->done, 25U);
  EXPECT_EQ(broker.browse("target"), all());
}

/// The deaths of a queue whose messages a consumer has had, where something came in meanwhile.
std::vector<std::string> deaths(TestBroker& broker, amqp::Table arguments, TimeMs later) {
  broker.commits_at_once = true;
  TestClient client{broker};
  TestClient late{broker};
  client.declare("dead", {.durable = true});
  arguments.set("x-dead-letter-exchange", std::string{});
  arguments.set("x-dead-letter-routing-key", std::string{"dead"});
  client.declare("d", {.durable = true, .arguments = std::move(arguments)}).consume("d");
  for (int i = 1; i <= 25; ++i) client.send("d", std::to_string(i), persistent());
  broker.commits_at_once = false;
  client.drop();
  late.send("d", "new", persistent());
  broker.advance(later);
  broker.commits_at_once = true;
  broker.commit();
  while (broker.vhost().next_deadline() <= broker.now()) broker.turn([](Vhost&) {});
  return broker.browse("dead");
}

TEST_F(RequeueingOfStoredTest, NothingExpiresBeforeThem) {
  std::vector<std::string> expected = all();
  expected.push_back("new");
  EXPECT_EQ(deaths(broker, {{"x-message-ttl", 100}}, 100), expected);
}

TEST_F(RequeueingOfStoredTest, NothingIsDroppedBeforeThem) {
  EXPECT_EQ(deaths(broker, {{"x-max-length", 1}}, 0), all());
}

TEST_F(RequeueingOfStoredTest, AFullDiskDoesNotHoldThem) {
  broker.commit();
  holder.drop();
  broker.turn([](Vhost& vhost) { vhost.set_disk_full(true); });
  turns_until_still();
  EXPECT_EQ(broker.ready("q"), 25U);
}

TEST_F(RequeueingOfStoredTest, AStopFinishesThem) {
  broker.commit();
  holder.drop();
  broker.commits_at_once = true;
  broker.stop_and_start();
  EXPECT_EQ(broker.browse("q"), all());
}

}  // namespace
}  // namespace leveret::broker::test
