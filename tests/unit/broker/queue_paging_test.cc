// A queue that is longer than its window in memory, and what a restart finds of it.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/broker/support/queue_bench.h"

namespace leveret::broker::test {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

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

TEST(QueuePaging, WhatExpiresWhileAnOperationReadsItIsNotTakenTwice) {
  PagedBench bench{{{"x-dead-letter-exchange", ""}, {"x-dead-letter-routing-key", "dead"}}};
  bench.client.declare("dead", {.durable = true}).declare("other", {.durable = true});
  send_numbers(bench.client, 1, 10);
  send_numbers(bench.client, 11, 20, persistent(with_expiration("100")));
  send_numbers(bench.client, 21, 30);
  bench.broker.reads_at_once = false;
  bench.broker.skip(100);
  bench.broker.turn([](Vhost& vhost) {  // Both reads are asked for in this turn.
    vhost.start_operation({.kind = OperationKind::replay,
                           .queue = "q",
                           .selection = {.seqs = {}, .all = true, .snapshot_seq = 30},
                           .target = "other",
                           .actor = "ann"});
  });
  ASSERT_EQ(bench.broker.journal.read_count(), 2U);
  bench.broker.reads_at_once = true;
  bench.broker.answer_read();
  EXPECT_EQ(bench.broker.ready("q"), 0U);
  EXPECT_EQ(bench.broker.browse("dead"), numbers(11, 20));
  std::vector<std::string> replayed = numbers(1, 10);
  for (const std::string& body : numbers(21, 30)) replayed.push_back(body);
  EXPECT_EQ(bench.broker.browse("other"), replayed);
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

}  // namespace
}  // namespace leveret::broker::test
