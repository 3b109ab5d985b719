// What a queue lets go while consumers hold it, and reads back when it returns. The window is four
// messages: of twenty that a consumer has, the content of the last fifteen has been let go.

#include "broker/queue.h"
#include "unit/broker/support/queue_bench.h"

namespace leveret::broker::test {
namespace {

using testing::Each;
using testing::ElementsAre;
using testing::Field;
using testing::IsEmpty;

/// A consumer "c" of "q" holds 1 to 20.
struct Held {
  explicit Held(const amqp::Properties& properties = persistent()) {
    client.declare("dead", {.durable = true})
        .declare("q", {.durable = true,
                       .arguments = {{"x-dead-letter-exchange", ""},
                                     {"x-dead-letter-routing-key", "dead"}}});
    for (const std::string& body : numbers(1, 20)) client.send("q", body, properties);
    client.consume("q").ignore();
  }
  void answer_reads() {
    while (broker.journal.has_reads()) broker.answer_read();
  }

  TestBroker broker{{.queue_window_messages = 4}};
  TestClient client{broker};
};

TEST(QueueContent, WhatReturnsIsReadBackAndComesAgainInOrder) {
  Held held;
  held.broker.reads_at_once = false;
  held.client.recover();
  EXPECT_TRUE(held.broker.journal.has_reads());
  held.answer_reads();
  const std::vector<Received> again = held.client.deliveries();
  ASSERT_EQ(again.size(), 20U);
  EXPECT_THAT(again, Each(Field(&Received::redelivered, true)));
  for (std::size_t i = 0; i < again.size(); ++i) EXPECT_EQ(again[i].body, std::to_string(i + 1));
}

TEST(QueueContent, WhatIsAcknowledgedIsNeverRead) {
  Held held;
  held.broker.reads_at_once = false;
  held.client.ack(20, true);
  EXPECT_FALSE(held.broker.journal.has_reads());
  EXPECT_THAT(held.broker.journal.stored("q"), IsEmpty());
  EXPECT_EQ(held.broker.unacked("q"), 0U);
}

TEST(QueueContent, TransientMessagesAreKept) {
  Held held{amqp::Properties{}};
  held.broker.reads_at_once = false;
  held.client.recover();
  EXPECT_EQ(held.client.bodies(), numbers(1, 20));
}

TEST(QueueContent, NobodyGetsALaterOneBeforeAnEarlierOneHasBeenReadBack) {
  Held held;
  held.client.cancel("c");
  held.broker.reads_at_once = false;
  held.client.nack(20, false).nack(19, false).ignore();
  held.client.send("q", "21", persistent());
  TestClient other{held.broker};
  other.consume("q").ignore();
  EXPECT_THAT(other.bodies(), IsEmpty());
  held.answer_reads();
  EXPECT_EQ(other.bodies(), numbers(19, 21));
}

TEST(QueueContent, GetWaitsForWhatHasReturned) {
  Held held;
  held.client.cancel("c");
  held.broker.reads_at_once = false;
  held.client.nack(20).ignore();
  TestClient other{held.broker};
  other.get("q");
  EXPECT_THAT(other.received(), IsEmpty());
  held.answer_reads();
  EXPECT_THAT(other.received(), ElementsAre("get-ok 1 '20' redelivered left 0"));
}

TEST(QueueContent, RejectedOnesAreDeadLetteredInTheOrderOfTheirRejection) {
  Held held;
  held.broker.reads_at_once = false;
  held.client.reject(20).reject(1).reject(7).nack(19, true, false);
  EXPECT_EQ(held.broker.unacked("q"), 20U);  // until they are somewhere else
  held.broker.reads_at_once = true;
  held.answer_reads();
  std::vector<std::string> expected{"20", "1", "7"};
  for (int i = 2; i <= 19; ++i)
    if (i != 7) expected.push_back(std::to_string(i));
  EXPECT_EQ(held.broker.browse("dead"), expected);
  EXPECT_EQ(held.broker.unacked("q"), 0U);
  EXPECT_THAT(held.broker.journal.stored("q"), IsEmpty());
}

TEST(QueueContent, WithoutADeadLetterExchangeRejectedOnesNeedNotBeRead) {
  TestBroker broker{{.queue_window_messages = 4}};
  TestClient client{broker};
  client.declare("q", {.durable = true});
  for (const std::string& body : numbers(1, 20)) client.send("q", body, persistent());
  client.consume("q");
  broker.reads_at_once = false;
  client.nack(20, true, false);
  EXPECT_FALSE(broker.journal.has_reads());
  EXPECT_EQ(broker.unacked("q"), 0U);
}

TEST(QueueContent, WhatWasNotOnDiskWhenItReturnedIsReadWhenItIs) {
  TestBroker broker{{.queue_window_messages = 4}};
  TestClient client{broker};
  client.declare("q", {.durable = true});
  broker.commits_at_once = false;
  broker.journal.reads_see_only_committed = true;
  client.consume("q");
  for (const std::string& body : numbers(1, 20)) client.send("q", body, persistent());
  client.cancel("c").ignore();
  client.recover().consume("q");
  broker.commits_at_once = true;
  broker.commit();
  EXPECT_EQ(client.bodies(), numbers(1, 20));
}

TEST(QueueContent, BrowsingShowsWhatAConsumerHolds) {
  Held held;
  EXPECT_EQ(held.broker.browse("q", 7), numbers(1, 20));
  held.client.cancel("c");
  held.broker.reads_at_once = false;
  held.client.nack(20, true);
  held.broker.reads_at_once = true;
  EXPECT_EQ(held.broker.browse("q", 7), numbers(1, 20));
}

TEST(QueueContent, ExpiresInItsPlaceWhileItHasBeenLetGo) {
  Held held{persistent(with_expiration("100"))};
  held.client.cancel("c");
  held.broker.reads_at_once = false;
  held.client.nack(20, true);
  held.broker.advance(100);
  held.answer_reads();
  held.broker.reads_at_once = true;
  held.broker.advance(1);
  EXPECT_EQ(held.broker.ready("q") + held.broker.unacked("q"), 0U);
  EXPECT_EQ(held.broker.browse("dead"), numbers(1, 20));
}

TEST(QueueContent, AQueueMayBePurgedOrGoWhileItIsReadBack) {
  for (const bool is_purged : {true, false}) {
    Held held;
    held.client.cancel("c");
    held.broker.reads_at_once = false;
    held.client.reject(20).nack(19, true).ignore();
    if (is_purged)
      held.client.purge("q");
    else
      held.client.delete_queue("q");
    held.answer_reads();
    EXPECT_EQ(held.broker.ready("dead"), is_purged ? 1U : 0U);
    EXPECT_EQ(held.broker.has_queue("q"), is_purged);
  }
}

TEST(QueueContent, AMessageThatCannotBeReadDoesNotHoldUpTheOthers) {
  Held held;
  held.client.cancel("c");
  held.broker.reads_at_once = false;
  held.broker.journal.reads_see_later_changes = true;
  held.client.nack(20, true).ignore();
  held.broker.turn([&](Vhost& vhost) {
    const QueueId id = vhost.find_queue(std::string_view{"q"})->id();
    for (const Seq seq : {Seq{6}, Seq{12}, Seq{20}})
      held.broker.journal.remove(id, seq, 0, std::to_string(seq).size());
  });
  held.client.consume("q");
  held.answer_reads();
  EXPECT_EQ(held.client.bodies().size(), 17U);
  EXPECT_EQ(held.broker.unacked("q"), 17U);
  EXPECT_EQ(held.broker.ready("q"), 0U);
}

}  // namespace
}  // namespace leveret::broker::test
