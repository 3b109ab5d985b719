// Transient messages that memory has no room for: they go to a store that a restart need not find.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "broker/channel.h"
#include "broker/connection.h"
#include "unit/broker/support/queue_bench.h"

namespace leveret::broker::test {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

const amqp::Properties transient;

/// Four messages of a queue stay in memory, and no transient ones beyond.
constexpr Limits no_room{.queue_window_messages = 4, .transient_bytes_max = 0};

struct NoRoom : Bench {
  explicit NoRoom(const amqp::Table& arguments = {}) : Bench(arguments, no_room) {}
  std::vector<std::string> stored() const { return broker.transient_store.stored(""); }
};

TEST(Transients, StayInMemoryWhileThereIsRoom) {
  Bench bench{{}, {.queue_window_messages = 4, .transient_bytes_max = 1U << 20U}};
  send_numbers(bench.client, 1, 500, transient);
  EXPECT_EQ(bench.broker.queue("q").in_memory, 500U);
  EXPECT_THAT(bench.broker.transient_store.turns(), IsEmpty());
}

TEST(Transients, GoToTheirStoreBeyondTheWindowWhenThereIsNone) {
  NoRoom bench;
  send_numbers(bench.client, 1, 500, transient);
  EXPECT_EQ(bench.broker.ready("q"), 500U);
  EXPECT_LE(bench.broker.queue("q").in_memory, 5U);
  EXPECT_THAT(bench.broker.journal.stored("q"), IsEmpty());
  bench.client.consume("q", {.no_ack = true});
  EXPECT_EQ(bench.client.bodies(), numbers(1, 500));
  EXPECT_THAT(bench.stored(), IsEmpty());
  EXPECT_EQ(bench.broker.vhost().unkept_bytes, 0U);
}

TEST(Transients, ShareTheRoomOfTheirVirtualHost) {
  Bench bench{{}, {.queue_window_messages = 4, .transient_bytes_max = 10'000}};
  bench.client.declare("other").ignore();
  send_numbers(bench.client, 1, 500, transient);
  const auto left = bench.broker.queue("q").in_memory;
  EXPECT_GT(left, 10U);
  EXPECT_LT(left, 100U);
  for (const std::string& body : numbers(1, 20)) bench.client.send("other", body);
  EXPECT_EQ(bench.broker.queue("other").in_memory, 4U);
  bench.client.purge("q");
  for (const std::string& body : numbers(1, 20)) bench.client.send("q", body);
  EXPECT_EQ(bench.broker.queue("q").in_memory, 20U);
  bench.client.delete_queue("q").delete_queue("other");
  EXPECT_EQ(bench.broker.vhost().unkept_bytes, 0U);
}

TEST(Transients, ANonDurableQueueHasThemTooAndNothingElse) {
  TestBroker broker{no_room};
  TestClient client{broker};
  client.declare("q").ignore();
  broker.journal.forget_turns();
  send_numbers(client, 1, 50, persistent());
  EXPECT_EQ(broker.browse("q", 7), numbers(1, 50));
  client.get("q").ack(1).purge("q").ignore();
  EXPECT_THAT(broker.transient_store.stored(""), IsEmpty());
  EXPECT_THAT(broker.journal.turns(), IsEmpty());
}

TEST(Transients, AmongStoredOnesKeepTheirPlaces) {
  NoRoom bench;
  for (int i = 1; i <= 60; ++i)
    send_numbers(bench.client, i, i, i % 3 == 0 ? transient : persistent());
  EXPECT_LE(bench.broker.queue("q").in_memory, 5U);
  EXPECT_EQ(bench.broker.browse("q", 7), numbers(1, 60));
  bench.client.qos(3).consume("q");
  std::vector<std::string> bodies;
  for (std::uint64_t tag = 1; tag <= 60; ++tag) {
    for (std::string& body : bench.client.bodies()) bodies.push_back(std::move(body));
    bench.client.ack(tag);
  }
  EXPECT_EQ(bodies, numbers(1, 60));
  EXPECT_THAT(bench.stored(), IsEmpty());
  EXPECT_THAT(bench.broker.journal.stored("q"), IsEmpty());
}

TEST(Transients, AreConfirmedBeforeTheyAreWritten) {
  NoRoom bench;
  bench.broker.commits_at_once = false;
  bench.client.confirm_select().ignore();
  send_numbers(bench.client, 1, 20, transient);
  EXPECT_THAT(bench.client.received(), ElementsAre("ack 20 multiple"));
  EXPECT_THAT(bench.stored(), SizeIs(16));
}

TEST(Transients, WhatIsNotWrittenYetIsNotAskedFor) {
  NoRoom bench;
  bench.broker.transient_store.reads_see_only_committed = true;
  bench.broker.commits_at_once = false;
  send_numbers(bench.client, 1, 2000, transient);
  bench.broker.commit();
  send_numbers(bench.client, 2001, 2200, transient);
  bench.client.consume("q", {.no_ack = true});
  EXPECT_EQ(bench.client.bodies(), numbers(1, 2200));
}

TEST(Transients, ARestartForgetsThemAndKeepsTheOthers) {
  NoRoom bench;
  for (int i = 1; i <= 40; ++i)
    send_numbers(bench.client, i, i, i % 2 == 0 ? transient : persistent());
  bench.broker.restart();
  TestClient client{bench.broker};
  client.consume("q");
  EXPECT_THAT(client.bodies(), SizeIs(20));
}

TEST(Transients, PurgeAndDeletionTakeThemOutOfTheStore) {
  NoRoom bench;
  send_numbers(bench.client, 1, 20, transient);
  bench.client.get("q").ignore();
  bench.client.purge("q");
  EXPECT_THAT(bench.client.received(), ElementsAre("queue.purge-ok 19"));
  EXPECT_THAT(bench.stored(), IsEmpty());
  bench.client.nack(1).ignore();
  send_numbers(bench.client, 21, 40, transient);
  EXPECT_THAT(bench.stored(), SizeIs(16));
  bench.client.delete_queue("q");
  EXPECT_THAT(bench.client.received(), ElementsAre("queue.delete-ok 21"));
  EXPECT_THAT(bench.stored(), IsEmpty());
}

TEST(Transients, ExpireWhereverTheyStand) {
  NoRoom bench{{{"x-dead-letter-exchange", ""}, {"x-dead-letter-routing-key", "dead"}}};
  bench.client.declare("dead", {.durable = true}).ignore();
  for (int i = 1; i <= 30; ++i) {
    const auto lasting = i % 2 == 0 ? transient : persistent();
    send_numbers(bench.client, i, i, i % 5 == 0 ? with_expiration("100", lasting) : lasting);
  }
  bench.broker.advance(100);
  EXPECT_EQ(bench.broker.ready("q"), 24U);
  EXPECT_THAT(bench.broker.browse("dead"), UnorderedElementsAre("5", "10", "15", "20", "25", "30"));
}

TEST(Transients, ALimitOfLengthDropsThemFromTheHead) {
  NoRoom bench{{{"x-max-length", 10},
                {"x-dead-letter-exchange", ""},
                {"x-dead-letter-routing-key", "dead"}}};
  bench.client.declare("dead", {.durable = true}).ignore();
  for (int i = 1; i <= 30; ++i) bench.client.send("q", std::to_string(i));
  EXPECT_EQ(bench.broker.browse("q"), numbers(21, 30));
  EXPECT_EQ(bench.broker.browse("dead"), numbers(1, 20));
}

TEST(Transients, EachPriorityKeepsItsOrder) {
  NoRoom bench{{{"x-max-priority", 2}}};
  for (int i = 1; i <= 40; ++i) {
    amqp::Properties properties;
    properties.priority = static_cast<std::uint8_t>(i % 2);
    bench.client.send("q", std::to_string(i), properties);
  }
  bench.client.consume("q", {.no_ack = true});
  std::vector<std::string> expected;
  for (const int rest : {1, 0})
    for (int i = 1; i <= 40; ++i)
      if (i % 2 == rest) expected.push_back(std::to_string(i));
  EXPECT_EQ(bench.client.bodies(), expected);
  EXPECT_THAT(bench.stored(), IsEmpty());
}

TEST(Transients, AConsumerThatAcknowledgesNothingHoldsFewOfThem) {
  NoRoom bench;
  send_numbers(bench.client, 1, 100, transient);
  bench.client.consume("q").ignore();
  std::size_t held = 0;
  bench.broker.vhost().for_each_connection([&](const Connection& connection) {
    connection.for_each_channel([&](const Channel& channel) {
      channel.for_each_held(
          [&](const Delivery& delivery) { held += delivery.entry.message ? 1 : 0; });
    });
  });
  EXPECT_LE(held, 10U);
  EXPECT_EQ(bench.broker.browse("q", 7), numbers(1, 100));
  bench.client.cancel("c").nack(100, true).ignore();
  bench.client.consume("q");
  EXPECT_EQ(bench.client.bodies(), numbers(1, 100));
}

TEST(Transients, AreReplayedAndRemovedWhereTheyStand) {
  NoRoom bench;
  bench.client.declare("other", {.durable = true}).ignore();
  send_numbers(bench.client, 1, 40, transient);
  bench.broker.turn([](Vhost& vhost) {
    vhost.start_operation({.kind = OperationKind::replay,
                           .queue = "q",
                           .selection = {.seqs = {10, 20, 30}},
                           .target = "other",
                           .actor = "ann"});
  });
  EXPECT_THAT(bench.broker.browse("other"), ElementsAre("10", "20", "30"));
  EXPECT_EQ(bench.broker.ready("q"), 37U);
  bench.broker.turn([](Vhost& vhost) {
    vhost.start_operation({.kind = OperationKind::remove,
                           .queue = "q",
                           .selection = {.seqs = {}, .all = true, .snapshot_seq = 40},
                           .target = {},
                           .actor = "ann"});
  });
  EXPECT_EQ(bench.broker.ready("q"), 0U);
  EXPECT_THAT(bench.stored(), IsEmpty());
}

TEST(Transients, AreBrowsedWhileAConsumerHoldsThemAlsoOfPrioritiesThatStayedInMemory) {
  TestBroker broker{no_room};
  TestClient client{broker};
  client.declare("q", {.exclusive = true, .arguments = {{"x-max-priority", 5}}});
  for (const std::string& body : numbers(1, 20)) client.send("q", body);
  client.consume("q");
  amqp::Properties urgent;
  urgent.priority = 5;
  client.send("q", "21", urgent);
  EXPECT_EQ(broker.browse("q", 7), numbers(1, 21));
}

TEST(Transients, APublisherFasterThanTheirStoreWaits) {
  Limits limits = no_room;
  limits.connection_pending_bytes_max = 2000;
  Bench bench{{}, limits};
  bench.broker.commits_at_once = false;
  for (int i = 1; i <= 100; ++i) bench.client.send("q", std::string(100, 'x'));
  const auto let_in = bench.broker.ready("q");
  EXPECT_LT(let_in, 30U);
  TestClient other{bench.broker};
  other.send("q", "x");
  EXPECT_EQ(bench.broker.ready("q"), let_in + 1);
  bench.broker.commits_at_once = true;
  bench.broker.commit();
  EXPECT_EQ(bench.broker.ready("q"), 101U);
}

TEST(Transients, OneInSeveralQueuesIsStoredOnce) {
  NoRoom bench;
  bench.client.declare("other").exchange("fan", "fanout").bind("q", "fan").bind("other", "fan");
  for (int i = 1; i <= 20; ++i) bench.client.publish("fan", "", std::to_string(i));
  // The fake one takes no removal with another content than the append's.
  bench.client.ignore();
  bench.client.consume("q", {.tag = "a"}).consume("other", {.tag = "b"}).ack(0, true);
  EXPECT_EQ(bench.broker.ready("q") + bench.broker.unacked("q"), 0U);
  EXPECT_THAT(bench.stored(), IsEmpty());
}

TEST(Transients, AFullDiskBeneathThemIsAnAlarmUntilBothStoresHaveRoom) {
  NoRoom bench;
  bench.broker.turn([](Vhost& vhost) { vhost.set_disk_full(true, Keeper::transient_store); });
  EXPECT_TRUE(bench.broker.vhost().alarms().disk);
  bench.broker.turn([](Vhost& vhost) { vhost.set_disk_full(true); });
  bench.broker.turn([](Vhost& vhost) { vhost.set_disk_full(false, Keeper::transient_store); });
  EXPECT_TRUE(bench.broker.vhost().alarms().disk);
  bench.broker.turn([](Vhost& vhost) { vhost.set_disk_full(false); });
  EXPECT_FALSE(bench.broker.vhost().alarms().disk);
}

}  // namespace
}  // namespace leveret::broker::test
