#include "broker/connection.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "amqp/frame.h"
#include "unit/broker/support/test_client.h"

namespace leveret::broker::test {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::StartsWith;

TEST(Connection, CloseIsAnsweredAndEverythingAfterItIgnored) {
  TestBroker broker;
  TestClient client{broker};
  client.declare("q").ignore();
  client.together([&] {
    client.connection_method(amqp::connection::Close{});
    client.send("q", "1").get("q").connection_method(amqp::connection::Close{});
  });
  EXPECT_THAT(client.received(), ElementsAre("connection.close-ok"));
  EXPECT_EQ(broker.ready("q"), 0U);
}

TEST(Connection, UpdateSecretIsAccepted) {
  TestBroker broker;
  TestClient client{broker};
  client.connection_method(amqp::connection::UpdateSecret{});
  EXPECT_THAT(client.received(), ElementsAre("connection.update-secret-ok"));
}

TEST(Connection, AMethodOnAChannelThatIsNotOpenClosesTheConnection) {
  TestBroker broker;
  TestClient client{broker};
  client.on(7).declare("q");
  EXPECT_THAT(client.received(),
              ElementsAre("connection.close 504 CHANNEL_ERROR - expected 'channel.open'"));
}

TEST(Connection, ASecondOpenClosesTheConnection) {
  TestBroker broker;
  TestClient client{broker};
  client.open(1);
  EXPECT_THAT(client.received(),
              ElementsAre("connection.close 504 CHANNEL_ERROR - second 'channel.open' seen"));
}

TEST(Connection, AStrayChannelCloseOkIsIgnored) {
  TestBroker broker;
  TestClient client{broker};
  client.close_channel_ok(9);
  EXPECT_THAT(client.received(), IsEmpty());
}

TEST(Connection, AServersMethodFromAClientClosesTheConnection) {
  TestBroker broker;
  TestClient client{broker};
  client.method(amqp::basic::Deliver{});
  EXPECT_THAT(client.received(), ElementsAre(StartsWith("connection.close 503 COMMAND_INVALID")));
  TestClient other{broker};
  other.connection_method(amqp::basic::Ack{});
  EXPECT_THAT(other.received(), ElementsAre(StartsWith("connection.close 504 CHANNEL_ERROR")));
}

TEST(Connection, TheNumberOfChannelsIsLimited) {
  TestBroker broker;
  TestClient client{broker, {.channel_max = 2}};
  client.open(900);
  EXPECT_THAT(client.received(), ElementsAre("900: channel.open-ok"));
  client.open(3);
  EXPECT_THAT(client.received(), ElementsAre("connection.close 530 NOT_ALLOWED - number of "
                                             "channels opened (2) has reached the negotiated "
                                             "channel_max (2)"));
}

TEST(Connection, AnErrorOfOneChannelLeavesTheOthersAlone) {
  TestBroker broker;
  TestClient client{broker};
  client.declare("q").open(2).on(2).consume("q").on(1).ignore();
  client.ack(1).on(2).send("q", "1");
  EXPECT_THAT(client.received(),
              ElementsAre(StartsWith("channel.close 406"), "2: deliver c 1 '1'"));
}

TEST(Connection, TheCloseNamesTheMethodThatFailed) {
  TestBroker broker;
  TestClient client{broker};
  client.ack(1);
  const auto& record = std::get<EncodedFrame>(client.outbox().records.back());
  const auto frame = amqp::read_frame(record.bytes, 0);
  const auto close = std::get<amqp::channel::Close>(amqp::read_method(frame->payload));
  EXPECT_EQ(close.class_id, 60);
  EXPECT_EQ(close.method_id, 80);
}

TEST(Connection, AClosingChannelIgnoresEverythingUntilCloseOk) {
  TestBroker broker;
  TestClient client{broker};
  client.declare("q").ack(1).ignore();
  client.together([&] { client.send("q", "1").ack(5).declare("p").open(1); });
  EXPECT_THAT(client.received(), IsEmpty());
  EXPECT_FALSE(broker.has_queue("p"));
  client.close_channel_ok(1);
  client.open(1).declare("p");
  EXPECT_THAT(client.received(), ElementsAre("channel.open-ok", "queue.declare-ok 'p' 0 0"));
}

TEST(Connection, ACloseThatCrossesOursIsAnswered) {
  TestBroker broker;
  TestClient client{broker};
  client.ack(1).ignore();
  client.close_channel(1);
  EXPECT_THAT(client.received(), ElementsAre("channel.close-ok"));
  client.close_channel_ok(1);
  client.open(1);
  EXPECT_THAT(client.received(), ElementsAre("channel.open-ok"));
}

TEST(Connection, AReopenedNumberIsANewChannel) {
  TestBroker broker;
  TestClient client{broker};
  client.declare("q").qos(1).tx_select().send("q", "1").tx_commit().get("q").close_channel(1);
  client.open(1).ignore();
  client.confirm_select().get("q").get("");
  EXPECT_THAT(client.received(),
              ElementsAre("confirm.select-ok", "get-ok 1 '1' redelivered left 0",
                          "channel.close 404 NOT_FOUND - no previously declared queue"));
}

TEST(Connection, AHardErrorClosesAllChannelsAndRequeues) {
  TestBroker broker;
  TestClient client{broker};
  client.declare("q").declare("mine", {.exclusive = true}).send("q", "1").get("q").ignore();
  client.open(1);
  EXPECT_THAT(client.received(), ElementsAre(StartsWith("connection.close 504")));
  EXPECT_EQ(broker.ready("q"), 1U);
  EXPECT_FALSE(broker.has_queue("mine"));
  client.declare("late");
  EXPECT_THAT(client.received(), IsEmpty());
  client.drop();
  EXPECT_FALSE(broker.vhost().has_connections());
}

TEST(Connection, TheSessionMayFailOneChannelOrTheConnection) {
  TestBroker broker;
  TestClient client{broker};
  client.declare("q").send("q", "1").get("q").ignore();
  broker.turn([&](Vhost& vhost) {
    vhost.fail_channel(client.id(), 1, {amqp::ReplyCode::precondition_failed, "too large"});
  });
  EXPECT_THAT(client.received(), ElementsAre("channel.close 406 PRECONDITION_FAILED - too large"));
  EXPECT_EQ(broker.ready("q"), 1U);
  broker.turn([&](Vhost& vhost) {
    vhost.fail_connection(client.id(), {amqp::ReplyCode::frame_error, "garbage"});
  });
  EXPECT_THAT(client.received(), ElementsAre("connection.close 501 FRAME_ERROR - garbage"));
}

TEST(Connection, ShutdownTellsEverybody) {
  TestBroker broker;
  TestClient a{broker};
  TestClient b{broker};
  broker.turn([](Vhost& vhost) { vhost.close_all("broker forced connection closure"); });
  const auto closed =
      ElementsAre("connection.close 320 CONNECTION_FORCED - broker forced connection closure");
  EXPECT_THAT(a.received(), closed);
  EXPECT_THAT(b.received(), closed);
}

TEST(Connection, EventsOfUnknownConnectionsAreIgnored) {
  TestBroker broker;
  TestClient client{broker};
  const ConnectionId id = client.id();
  client.drop();
  broker.turn([&](Vhost& vhost) {
    vhost.receive(id, {});
    vhost.drained(id, 10);
    vhost.fail_connection(id, {amqp::ReplyCode::frame_error, "x"});
    vhost.fail_channel(id, 1, {amqp::ReplyCode::frame_error, "x"});
    vhost.drop_connection(id);
  });
}

TEST(Connection, WhatWasWorkedOffIsGivenBackToTheSession) {
  TestBroker broker;
  broker.commits_at_once = false;
  TestClient client{broker};
  const std::size_t before = client.outbox().consumed_bytes;
  client.declare("q", {.durable = true});
  EXPECT_EQ(client.outbox().consumed_bytes, before + 100);
  client.declare("p");  // waits behind the reply to the first
  EXPECT_EQ(client.outbox().consumed_bytes, before + 100);
  broker.commit();
  EXPECT_EQ(client.outbox().consumed_bytes, before + 200);
}

// Backpressure.

TEST(Connection, PublishersWaitWhileTooMuchIsUncommitted) {
  TestBroker broker{{.journal_pending_bytes_max = 100}};
  TestClient client{broker};
  client.declare("q", {.durable = true}).ignore();
  broker.commits_at_once = false;
  client.send("q", std::string(101, 'x'), persistent()).send("q", "2").get("q");
  EXPECT_EQ(broker.ready("q"), 1U);
  EXPECT_THAT(client.received(), IsEmpty());
  TestClient consumer{broker};
  consumer.get("q");
  EXPECT_EQ(consumer.received().size(), 1U);
  broker.commit();
  EXPECT_THAT(client.received(), ElementsAre("get-ok 1 '2' left 0"));
}

TEST(Connection, AnAlarmBlocksPublishersAndTellsThem) {
  TestBroker broker;
  TestClient publisher{broker};
  TestClient consumer{broker};
  TestClient silent{broker, {.connection_blocked = false}};
  publisher.declare("q").send("q", "1").ignore();
  silent.send("q", "2");
  consumer.consume("q").ignore();
  broker.turn([](Vhost& vhost) { vhost.set_disk_full(true); });
  EXPECT_THAT(publisher.received(), IsEmpty());  // it has not published since
  publisher.send("q", "3").send("q", "4");
  EXPECT_THAT(publisher.received(), ElementsAre("connection.blocked 'low on disk'"));
  silent.send("q", "5");
  EXPECT_THAT(silent.received(), IsEmpty());
  consumer.ack(1).ack(2).ignore();
  EXPECT_EQ(broker.unacked("q"), 0U);
  broker.turn([](Vhost& vhost) { vhost.set_disk_full(false); });
  EXPECT_THAT(publisher.received(), ElementsAre("connection.unblocked"));
  EXPECT_THAT(consumer.bodies(), ElementsAre("3", "4", "5"));
}

TEST(Connection, OneThatFirstPublishesDuringAnAlarmIsToldThen) {
  TestBroker broker;
  TestClient client{broker};
  client.declare("q").ignore();
  broker.turn([](Vhost& vhost) { vhost.set_disk_full(true); });
  client.get("q");
  EXPECT_THAT(client.received(), ElementsAre("basic.get-empty ''"));
  client.send("q", "1").get("q");
  EXPECT_THAT(client.received(), ElementsAre("connection.blocked 'low on disk'"));
  broker.turn([](Vhost& vhost) { vhost.set_disk_full(false); });
  EXPECT_THAT(client.received(), ElementsAre("connection.unblocked", "get-ok 1 '1' left 0"));
}

TEST(Connection, AnAlarmIsOverWhenTheLastReasonIs) {
  TestBroker broker;
  TestClient client{broker};
  client.declare("q").ignore();
  broker.turn([](Vhost& vhost) { vhost.set_machine_alarms({.memory = true, .disk = true}); });
  client.send("q", "1");
  EXPECT_THAT(client.received(), ElementsAre("connection.blocked 'low on disk & memory'"));
  broker.turn([](Vhost& vhost) {
    vhost.set_disk_full(true);
    vhost.set_machine_alarms({.disk = true});
    vhost.set_machine_alarms({});
  });
  EXPECT_THAT(client.received(), IsEmpty());
  broker.turn([](Vhost& vhost) { vhost.set_disk_full(false); });
  EXPECT_THAT(client.received(), ElementsAre("connection.unblocked"));
  EXPECT_EQ(broker.ready("q"), 1U);
}

ConnectionState state_of(TestBroker& broker, const TestClient& client) {
  ConnectionState state{};
  broker.turn([&](Vhost& vhost) { state = vhost.find_connection(client.id())->state(); });
  return state;
}

TEST(Connection, ItsStateSaysWhyItWaits) {
  TestBroker broker{{.connection_pending_bytes_max = 100}};
  TestClient client{broker};
  TestClient other{broker};
  client.declare("q", {.durable = true}).ignore();
  broker.turn([](Vhost& vhost) { vhost.set_machine_alarms({.memory = true}); });
  client.send("q", "1");
  EXPECT_EQ(state_of(broker, client), ConnectionState::blocked);
  EXPECT_EQ(state_of(broker, other), ConnectionState::blocking);
  broker.turn([](Vhost& vhost) { vhost.set_machine_alarms({}); });
  EXPECT_EQ(state_of(broker, client), ConnectionState::running);
  broker.commits_at_once = false;
  client.send("q", std::string(101, 'x'), persistent()).send("q", "2");
  EXPECT_EQ(state_of(broker, client), ConnectionState::flow);
  broker.commit();
  broker.advance(5000);
  EXPECT_EQ(state_of(broker, client), ConnectionState::running);
}

TEST(Connection, APublisherWaitsForItsOwnMessagesOnly) {
  TestBroker broker{{.connection_pending_bytes_max = 1000}};
  TestClient fast{broker};
  TestClient other{broker};
  fast.declare("q", {.durable = true}).ignore();
  broker.commits_at_once = false;
  for (int i = 0; i < 3; ++i) fast.send("q", std::string(600, 'x'), persistent());
  EXPECT_EQ(broker.ready("q"), 2U);
  other.send("q", "1", persistent());
  EXPECT_EQ(broker.ready("q"), 3U);
  broker.commit();
  EXPECT_EQ(broker.ready("q"), 4U);
}

TEST(Connection, OneThatWaitsForAFullDiskIsToldAtOnce) {
  TestBroker broker;
  TestClient client{broker};
  TestClient other{broker};
  client.declare("q", {.durable = true}).ignore();
  other.send("q", "1", persistent());
  broker.commits_at_once = false;
  client.send("q", "2", persistent());
  broker.turn([](Vhost& vhost) { vhost.set_disk_full(true); });
  EXPECT_THAT(client.received(), ElementsAre("connection.blocked 'low on disk'"));
  EXPECT_THAT(other.received(), IsEmpty());
}

/// What one read of the socket may bring.
CommandBatch many_publishes(int count) {
  using namespace std::string_view_literals;
  CommandBatch batch;
  for (int i = 0; i < count; ++i)
    batch.commands.push_back({.channel = 1,
                              .method = amqp::basic::Publish{.routing_key = "q"},
                              .content = Message::make("", "q", "\0\0"sv, std::to_string(i), 1)});
  return batch;
}

TEST(Connection, OneThatSendsMuchLetsOthersGoBetween) {
  TestBroker broker;
  TestClient greedy{broker};
  TestClient other{broker};
  greedy.declare("q");
  broker.runs_deadlines = false;
  broker.turn([&](Vhost& vhost) { vhost.receive(greedy.id(), many_publishes(10'000)); });
  EXPECT_LT(broker.ready("q"), 10'000U);
  EXPECT_LE(broker.vhost().next_deadline(), broker.now());
  other.send("q", "other");
  while (broker.vhost().next_deadline() <= broker.now()) broker.turn([](Vhost&) {});
  std::vector<std::string> bodies = broker.browse("q");
  ASSERT_EQ(bodies.size(), 10'001U);
  const auto others = std::ranges::find(bodies, "other");
  EXPECT_NE(others, bodies.end() - 1);
  bodies.erase(others);
  for (std::size_t i = 0; i < bodies.size(); ++i) EXPECT_EQ(bodies[i], std::to_string(i));
}

TEST(Connection, WhatItHasSentCountsWhenItGoesAway) {
  TestBroker broker;
  TestClient client{broker};
  client.declare("q");
  broker.runs_deadlines = false;
  broker.turn([&](Vhost& vhost) { vhost.receive(client.id(), many_publishes(10'000)); });
  client.drop();
  EXPECT_EQ(broker.ready("q"), 10'000U);
}

TEST(Connection, ABlockedConnectionMayGoAway) {
  TestBroker broker;
  TestClient client{broker};
  client.declare("q").ignore();
  broker.turn([](Vhost& vhost) { vhost.set_disk_full(true); });
  client.send("q", "1").drop();
  broker.turn([](Vhost& vhost) { vhost.set_disk_full(false); });
  EXPECT_EQ(broker.ready("q"), 0U);
}

TEST(Connection, AFailureWhileWaitingForTheDiskIsTheLastWord) {
  TestBroker broker;
  broker.commits_at_once = false;
  TestClient client{broker};
  client.declare("q", {.durable = true});
  broker.turn([&](Vhost& vhost) {
    vhost.fail_connection(client.id(), {amqp::ReplyCode::connection_forced, "bye"});
  });
  broker.commit();
  EXPECT_THAT(client.received(), ElementsAre("connection.close 320 CONNECTION_FORCED - bye"));
}

TEST(Connection, AClientThatDoesNotReadIsNotServedUntilItDoes) {
  TestBroker broker{{.outbox_bytes_max = 1000}};
  TestClient slow{broker};
  TestClient other{broker};
  slow.declare("q").consume("q").ignore();
  slow.stop_reading();
  for (int i = 0; i < 50; ++i) other.send("q", std::string(100, 'x'));
  const std::size_t held = broker.unacked("q");
  EXPECT_GT(held, 1U);
  EXPECT_LT(held, 10U);
  slow.read_again();
  EXPECT_EQ(broker.unacked("q"), 50U);
}

/// The client takes them one after the other, without an end to what waits.
TEST(Connection, AnswersThatAreNotReadHoldBackFurtherCommands) {
  TestBroker broker{{.outbox_bytes_max = 1000}};
  TestClient client{broker};
  client.declare("q");
  for (int i = 0; i < 50; ++i) client.send("q", std::string(100, 'x'));
  client.ignore();
  client.stop_reading();
  for (int i = 0; i < 50; ++i) client.get("q");
  const std::size_t got = broker.unacked("q");
  EXPECT_GT(got, 1U);
  EXPECT_LT(got, 10U);
  client.read_again();
  EXPECT_EQ(client.deliveries().size(), 50U);
}

TEST(Connection, ReturnsThatAreNotReadHoldBackFurtherPublishes) {
  TestBroker broker{{.outbox_bytes_max = 1000}};
  TestClient client{broker};
  client.stop_reading();
  for (int i = 0; i < 50; ++i) client.send("none", std::string(100, 'x'), {}, {.mandatory = true});
  EXPECT_LT(client.received().size(), 10U);
  client.read_again();
  EXPECT_EQ(client.outbox().records.size(), 51U);
}

/// It may settle what it has, however much more waits for it.
TEST(Connection, DeliveriesThatAreNotReadHoldBackNoCommand) {
  TestBroker broker{{.outbox_bytes_max = 1000}};
  TestClient client{broker};
  client.declare("q").consume("q").ignore();
  client.stop_reading();
  client.send("q", std::string(5000, 'x')).send("q", "2").ack(1);
  EXPECT_EQ(broker.unacked("q"), 0U);
  EXPECT_EQ(broker.ready("q"), 1U);
}

TEST(Connection, WhatWaitsBehindUnreadAnswersStillCountsAtItsEnd) {
  TestBroker broker{{.outbox_bytes_max = 100}};
  TestClient client{broker};
  client.declare("q").send("q", std::string(500, 'x'));
  client.stop_reading();
  client.get("q").send("q", "last");
  EXPECT_EQ(broker.ready("q"), 0U);
  client.drop();
  EXPECT_EQ(broker.ready("q"), 2U);
}

TEST(Connection, AFullOutboxLeavesMessagesToOtherConsumers) {
  TestBroker broker{{.outbox_bytes_max = 1000}};
  TestClient slow{broker};
  TestClient fast{broker};
  slow.declare("q").consume("q", {.arguments = {{"x-priority", 5}}}).ignore();
  fast.consume("q").ignore();
  slow.stop_reading();
  TestClient publisher{broker};
  for (int i = 0; i < 20; ++i) publisher.send("q", std::string(100, 'x'));
  EXPECT_EQ(slow.deliveries().size() + fast.deliveries().size(), 20U);
}

}  // namespace
}  // namespace leveret::broker::test
