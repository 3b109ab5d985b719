#include "broker/inspect.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "broker/client_survey.h"
#include "broker/overview_survey.h"
#include "unit/broker/support/test_client.h"

namespace leveret::broker::test {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::string> lines_of(const BrowsePage& page) {
  std::vector<std::string> lines;
  for (const BrowsedMessage& message : page.messages)
    lines.push_back(std::to_string(message.seq) + " " + std::string{message.message->body()} +
                    (message.is_unacked ? " unacked" : "") +
                    (message.redelivered ? " redelivered" : ""));
  return lines;
}

struct Bench {
  explicit Bench(Limits limits = {}) : broker(limits) {
    client.declare("q", {.durable = true}).ignore();
  }
  void send(int first, int last, const amqp::Properties& properties = persistent()) {
    client.together([&] {
      for (int i = first; i <= last; ++i) client.send("q", std::to_string(i), properties);
    });
  }
  TestBroker broker;
  TestClient client{broker};
};

TEST(Browse, ShowsReadyAndUnackedInOrderAndChangesNothing) {
  Bench bench;
  bench.send(1, 4);
  bench.client.get("q").get("q").nack(1);
  EXPECT_THAT(lines_of(bench.broker.browse_page("q", 0, 10)),
              ElementsAre("1 1 redelivered", "2 2 unacked", "3 3", "4 4"));
  EXPECT_EQ(bench.broker.ready("q"), 3U);
  EXPECT_EQ(bench.broker.queue("q").stats.deliver_get(), 2U);
}

TEST(Browse, GoesPageByPage) {
  Bench bench;
  bench.send(1, 5);
  const BrowsePage first = bench.broker.browse_page("q", 0, 2);
  EXPECT_THAT(lines_of(first), ElementsAre("1 1", "2 2"));
  EXPECT_EQ(first.next, 2U);
  EXPECT_EQ(first.last_seq, 5U);
  EXPECT_EQ(first.ready, 5U);
  const BrowsePage last = bench.broker.browse_page("q", 4, 2);
  EXPECT_THAT(lines_of(last), ElementsAre("5 5"));
  EXPECT_EQ(last.next, 0U);
}

TEST(Browse, ReadsOverMemoryStoreAndUnacked) {
  Bench bench{{.queue_window_messages = 4}};
  bench.send(1, 30);
  bench.client.get("q").get("q").ack(1);
  for (const std::size_t page : {1U, 3U, 7U, 100U}) {
    const auto bodies = bench.broker.browse("q", page);
    ASSERT_EQ(bodies.size(), 29U) << "by pages of " << page;
    for (std::size_t i = 0; i < bodies.size(); ++i) EXPECT_EQ(bodies[i], std::to_string(i + 2));
  }
}

TEST(Browse, ReachesTransientMessagesBehindTheStoredPart) {
  Bench bench{{.queue_window_messages = 4}};
  bench.send(1, 10);
  bench.send(11, 40, {});
  for (const std::size_t page : {1U, 3U, 7U, 100U})
    EXPECT_EQ(bench.broker.browse("q", page).size(), 40U) << "by pages of " << page;
}

TEST(Browse, BehindTheLastMessageIsEmpty) {
  Bench bench{{.queue_window_messages = 4}};
  bench.send(1, 10);
  EXPECT_THAT(lines_of(bench.broker.browse_page("q", 10, 5)), IsEmpty());
  EXPECT_THAT(lines_of(bench.broker.browse_page("q", UINT64_MAX, 5)), IsEmpty());
}

TEST(Browse, OfAQueueThatIsDeletedMeanwhileIsEmpty) {
  Bench bench{{.queue_window_messages = 4}};
  bench.send(1, 10);
  bench.broker.reads_at_once = false;
  bool is_done = false;
  bench.broker.turn([&](Vhost& vhost) {
    vhost.browse("q", 0, 10, [&](const BrowsePage& page) {
      is_done = true;
      EXPECT_THAT(page.messages, IsEmpty());
    });
  });
  bench.client.delete_queue("q");
  bench.broker.answer_read();
  EXPECT_TRUE(is_done);
}

TEST(Browse, OfAnAbsentQueueIs404) {
  Bench bench;
  EXPECT_THROW(bench.broker.browse_page("absent", 0, 1), amqp::Error);
}

TEST(Inspect, QueueViewTellsCountsAndBytes) {
  Bench bench;
  bench.client.send("q", "aaaa").send("q", "bb").send("q", "c").get("q");
  const QueueView view = bench.broker.queue("q");
  EXPECT_EQ(view.ready, 2U);
  EXPECT_EQ(view.unacked, 1U);
  EXPECT_EQ(view.ready_bytes, 3U);
  EXPECT_EQ(view.unacked_bytes, 4U);
  EXPECT_EQ(view.in_memory, 3U);
  EXPECT_EQ(view.head_published_at, bench.broker.now());
  EXPECT_EQ(view.stats.publish, 3U);
  EXPECT_EQ(view.stats.get, 1U);
  EXPECT_EQ(queue_length(bench.broker.vhost(), "q"), 3U);
  EXPECT_EQ(queue_length(bench.broker.vhost(), "absent"), 0U);
}

TEST(Inspect, QueueViewTellsWhereDeadLettersGoAndComeFrom) {
  TestBroker broker;
  TestClient client{broker};
  client.declare("dead").exchange("dlx", "topic").bind("dead", "dlx", "jobs.#");
  client.declare("a", {.arguments = {{"x-dead-letter-exchange", "dlx"},
                                     {"x-dead-letter-routing-key", "jobs.a"}}});
  client.declare(
      "b", {.arguments = {{"x-dead-letter-exchange", ""}, {"x-dead-letter-routing-key", "dead"}}});
  client.declare("c", {.arguments = {{"x-dead-letter-exchange", "dlx"}}});
  client.declare(
      "d", {.arguments = {{"x-dead-letter-exchange", "dlx"}, {"x-dead-letter-routing-key", "x"}}});
  EXPECT_THAT(broker.queue("a").dead_letter_targets, ElementsAre("dead"));
  EXPECT_THAT(broker.queue("c").dead_letter_targets, ElementsAre("dead"));
  EXPECT_THAT(broker.queue("d").dead_letter_targets, IsEmpty());
  EXPECT_THAT(broker.queue("dead").dead_letter_sources,
              ::testing::UnorderedElementsAre("a", "b", "c"));
}

TEST(Inspect, OverviewAddsUp) {
  TestBroker broker;
  TestClient client{broker};
  client.declare("a").declare("b").open(2).consume("a").send("a", "1").send("b", "2");
  OverviewSurvey survey{broker.vhost()};
  while (survey.look(broker.vhost(), 1)) continue;
  const OverviewView& view = survey.view();
  EXPECT_EQ(view.connections, 1U);
  EXPECT_EQ(view.channels, 2U);
  EXPECT_EQ(view.queues, 2U);
  EXPECT_EQ(view.consumers, 1U);
  EXPECT_EQ(view.ready, 1U);
  EXPECT_EQ(view.unacked, 1U);
  EXPECT_EQ(view.stats.publish, 2U);
  EXPECT_EQ(view.exchanges, 6U);
}

TEST(Inspect, AnOverviewOfWhatGoesMeanwhileCountsTheRest) {
  TestBroker broker;
  TestClient client{broker};
  client.declare("a").declare("b").send("a", "1").send("b", "2");
  OverviewSurvey survey{broker.vhost()};
  client.delete_queue("a");
  while (survey.look(broker.vhost(), 1)) continue;
  EXPECT_EQ(survey.view().ready, 1U);
}

std::vector<ConsumerView> consumers_of(TestBroker& broker, const std::string& queue) {
  ConsumerSurvey survey{broker.vhost(), {}, queue};
  while (survey.look(broker.vhost(), 1)) continue;
  return survey.take();
}

TEST(Inspect, AQueueTellsItsOwnerAndItsConsumers) {
  TestBroker broker;
  TestClient client{broker};
  client.declare("z", {.exclusive = true}).declare("a").consume("a");
  EXPECT_EQ(broker.queue("z").owner, "client");
  ASSERT_EQ(consumers_of(broker, "a").size(), 1U);
  EXPECT_EQ(consumers_of(broker, "a")[0].tag, "c");
  EXPECT_THAT(consumers_of(broker, "z"), IsEmpty());
  EXPECT_THAT(consumers_of(broker, "none"), IsEmpty());
}

}  // namespace
}  // namespace leveret::broker::test
