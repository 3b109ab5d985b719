// When what a turn has recorded goes to the journal's writer: at once when somebody waits for it,
// else a moment later, so that what is settled meanwhile need not be written.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/broker/support/test_client.h"

namespace leveret::broker::test {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

/// A durable queue 'q', a publisher with confirms, a worker on demand; commits and deadlines by
/// hand.
struct Bench {
  Bench() {
    publisher.declare("q", {.durable = true}).confirm_select().ignore();
    broker.commit();
    broker.commits_at_once = false;
    broker.runs_deadlines = false;
    broker.journal.handed_over.clear();
  }
  void start_worker() { worker.qos(100).consume("q").ignore(); }
  /// The same, and its first message is on disk before it acknowledges that.
  void start_late_worker() {
    start_worker();
    send("1");
    broker.advance(1);
    broker.commit();
    worker.ack(1);
  }
  void send(const std::string& body) { publisher.send("q", body, persistent()); }
  std::vector<Urgency> handed_over() { return std::exchange(broker.journal.handed_over, {}); }

  TestBroker broker;
  TestClient publisher{broker};
  TestClient worker{broker};
};

TEST(HandOver, AMessageWithoutAWorkerGoesAtOnce) {
  Bench bench;
  bench.send("1");
  EXPECT_THAT(bench.handed_over(), ElementsAre(Urgency::now));
}

TEST(HandOver, WhatAWorkerHasWaitsForItsAcknowledgementWhichConfirmsIt) {
  Bench bench;
  bench.start_worker();
  bench.send("1");
  EXPECT_THAT(bench.handed_over(), IsEmpty());
  bench.worker.ack(1);
  EXPECT_THAT(bench.publisher.received(), ElementsAre("ack 1"));
  EXPECT_THAT(bench.handed_over(), IsEmpty());
  bench.broker.advance(1);
  EXPECT_THAT(bench.handed_over(), ElementsAre(Urgency::due));
  EXPECT_EQ(bench.broker.vhost().next_deadline(), Vhost::never);
}

TEST(HandOver, AMessageThatIsNotAcknowledgedIsHandedOverWhenItIsDue) {
  Bench bench;
  bench.start_worker();
  bench.send("1");
  EXPECT_EQ(bench.broker.vhost().next_deadline(), bench.broker.now() + 1);
  bench.broker.advance(1);
  EXPECT_THAT(bench.handed_over(), ElementsAre(Urgency::due));
  bench.broker.commit();
  EXPECT_THAT(bench.publisher.received(), ElementsAre("ack 1"));
}

TEST(HandOver, AWorkerThatIsSlowerThanTheDiskIsNotWaitedFor) {
  Bench bench;
  bench.start_late_worker();
  bench.broker.advance(1);
  bench.handed_over();
  bench.send("2");
  EXPECT_THAT(bench.handed_over(), ElementsAre(Urgency::now));
}

TEST(HandOver, AWorkerThatHasBecomeQuickIsWaitedForAgain) {
  Bench bench;
  bench.start_late_worker();
  for (std::uint64_t tag = 2; tag <= 5; ++tag) {
    bench.send("quick");
    bench.worker.ack(tag);
  }
  bench.broker.advance(1);
  bench.handed_over();
  bench.send("6");
  EXPECT_THAT(bench.handed_over(), IsEmpty());
}

TEST(HandOver, WhatSomebodyWaitsForTakesAlongWhatWaits) {
  Bench bench;
  bench.start_worker();
  bench.send("1");
  bench.publisher.declare("other", {.durable = true});
  EXPECT_THAT(bench.handed_over(), ElementsAre(Urgency::now));
  bench.broker.commit();
  EXPECT_THAT(bench.publisher.received(), ElementsAre("queue.declare-ok 'other' 0 0", "ack 1"));
}

TEST(HandOver, ADeadLetterGoesAtOnce) {
  Bench bench;
  bench.broker.commits_at_once = true;
  bench.publisher.declare("dead", {.durable = true});
  bench.publisher.declare("jobs", {.durable = true,
                                   .arguments = {{"x-dead-letter-exchange", ""},
                                                 {"x-dead-letter-routing-key", "dead"}}});
  bench.broker.commits_at_once = false;
  bench.worker.consume("jobs");
  bench.publisher.send("jobs", "1", persistent());
  bench.handed_over();
  bench.worker.reject(1, false);
  EXPECT_THAT(bench.handed_over(), ElementsAre(Urgency::now));
}

TEST(HandOver, MuchGoesAtOnce) {
  Bench bench;
  bench.start_worker();
  bench.send(std::string(600 << 10, 'a'));
  EXPECT_THAT(bench.handed_over(), IsEmpty());
  bench.send(std::string(600 << 10, 'b'));
  EXPECT_THAT(bench.handed_over(), ElementsAre(Urgency::now));
}

}  // namespace
}  // namespace leveret::broker::test
