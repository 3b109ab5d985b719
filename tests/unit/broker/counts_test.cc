#include "broker/counts.h"

#include "unit/broker/support/test_broker.h"
#include "unit/broker/support/test_client.h"

namespace leveret::broker::test {
namespace {

VhostCounts count(TestBroker& broker, CountDetail detail = {}, std::size_t per_turn = 1) {
  CountSurvey survey{detail};
  bool has_more = true;
  while (has_more)
    broker.turn([&](const Vhost& vhost) { has_more = survey.look(vhost, per_turn); });
  return survey.take();
}

const MessageStats& of(const VhostCounts& counts, QueueKind kind) {
  return counts.counters.messages[static_cast<std::size_t>(kind)];
}

TEST(Counts, AddUpAllQueuesWhateverATurnLooksAt) {
  TestBroker broker;
  TestClient client{broker};
  client.declare("a").declare("b").send("a", "xx").send("a", "yyy").send("b", "z").get("a");
  for (const std::size_t per_turn : {std::size_t{1}, std::size_t{100}}) {
    const VhostCounts counts = count(broker, {}, per_turn);
    EXPECT_EQ(counts.queue_count, 2U);
    EXPECT_EQ(counts.all_queues.ready, 2U);
    EXPECT_EQ(counts.all_queues.unacked, 1U);
    EXPECT_EQ(counts.all_queues.ready_bytes, 4U);
    EXPECT_EQ(counts.connection_count, 1U);
    EXPECT_EQ(counts.channel_count, 1U);
    EXPECT_EQ(counts.all_channels.unacked, 1U);
    EXPECT_EQ(counts.publishers, 1U);
    EXPECT_THAT(counts.queues, testing::IsEmpty());
  }
}

TEST(Counts, NameTheObjectsThatAreWanted) {
  TestBroker broker;
  TestClient client{broker};
  client.declare("a").exchange("e", "topic").bind("a", "e", "k").send("a", "x");
  const VhostCounts counts =
      count(broker, {.queues = true, .connections = true, .exchanges = true});
  ASSERT_THAT(counts.queues, testing::SizeIs(1));
  EXPECT_EQ(counts.queues[0].name, "a");
  EXPECT_EQ(counts.queues[0].stats.publish, 1U);
  EXPECT_EQ(counts.queues[0].head_published_at, broker.now());
  EXPECT_THAT(counts.connections, testing::SizeIs(1));
  EXPECT_THAT(counts.channels, testing::SizeIs(1));
  const auto e = std::ranges::find(counts.exchanges, "e", &ExchangeCounts::name);
  ASSERT_NE(e, counts.exchanges.end());
  EXPECT_EQ(e->bindings, 1U);
}

TEST(Counts, DoNotFallWhenAQueueIsDeleted) {
  TestBroker broker;
  TestClient client{broker};
  client.declare("q").send("q", "1").send("q", "2").get("q");
  client.delete_queue("q");
  const VhostCounts counts = count(broker);
  EXPECT_EQ(of(counts, QueueKind::classic).get, 1U);
  EXPECT_EQ(of(counts, QueueKind::none).publish, 2U);
  EXPECT_EQ(counts.counters.churn.queues_created, 1U);
  EXPECT_EQ(counts.counters.churn.queues_deleted, 1U);
}

TEST(Counts, KeepTheQueueTypesApart) {
  TestBroker broker;
  TestClient client{broker};
  client.declare("c").declare("q", {.durable = true, .arguments = {{"x-queue-type", "quorum"}}});
  client.send("c", "1").send("q", "2").send("q", "3").get("q");
  client.get("q");
  client.get("q");
  const VhostCounts counts = count(broker);
  EXPECT_EQ(of(counts, QueueKind::classic).get, 0U);
  EXPECT_EQ(of(counts, QueueKind::quorum).get, 2U);
  EXPECT_EQ(of(counts, QueueKind::quorum).get_empty, 1U);
  EXPECT_EQ(counts.counters.all_messages().get, 2U);
}

TEST(Counts, CountEveryCopyThatIsRouted) {
  TestBroker broker;
  TestClient client{broker};
  client.declare("a").declare("b").exchange("f", "fanout").bind("a", "f", "").bind("b", "f", "");
  client.publish("f", "", "x");
  EXPECT_EQ(count(broker).counters.routed, 2U);
}

TEST(Counts, ADeclarationOfWhatThereIsIsDeclaredAndNotCreated) {
  TestBroker broker;
  TestClient client{broker};
  client.declare("q").declare("q");
  const ChurnStats churn = count(broker).counters.churn;
  EXPECT_EQ(churn.queues_declared, 2U);
  EXPECT_EQ(churn.queues_created, 1U);
}

TEST(Counts, ConnectionsAndChannelsComeAndGo) {
  TestBroker broker;
  TestClient client{broker};
  client.declare("q").send("q", "x");
  EXPECT_EQ(count(broker).publishers, 1U);
  client.drop();
  const VhostCounts counts = count(broker);
  EXPECT_EQ(counts.counters.churn.connections_opened, 1U);
  EXPECT_EQ(counts.counters.churn.connections_closed, 1U);
  EXPECT_EQ(counts.counters.churn.channels_opened, 1U);
  EXPECT_EQ(counts.counters.churn.channels_closed, 1U);
  EXPECT_EQ(counts.publishers, 0U);
}

}  // namespace
}  // namespace leveret::broker::test
