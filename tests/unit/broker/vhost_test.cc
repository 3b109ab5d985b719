#include "broker/vhost.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "broker/exchange.h"
#include "broker/queue.h"
#include "unit/broker/support/test_client.h"

namespace leveret::broker::test {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

std::string error_of(const std::function<void()>& act) {
  try {
    act();
    return "none";
  } catch (const amqp::Error& error) {
    return error.close_text();
  }
}

// The store.

TEST(Vhost, AMessageForSeveralQueuesIsOneContentInOneTurn) {
  TestBroker broker;
  TestClient client{broker};
  client.declare("a", {.durable = true}).declare("b", {.durable = true}).declare("t");
  for (const char* queue : {"a", "b", "t"}) client.bind(queue, "amq.fanout");
  broker.journal.forget_turns();
  client.publish("amq.fanout", "", "1", persistent()).send("a", "2", persistent());
  EXPECT_THAT(broker.journal.turns(), ElementsAre(UnorderedElementsAre("append a 1", "append b 1"),
                                                  ElementsAre("append a 2")));
  const auto a = broker.browse_page("a", 0, 10).messages;
  const auto b = broker.browse_page("b", 0, 10).messages;
  EXPECT_NE(a.at(0).content, 0U);
  EXPECT_EQ(a.at(0).content, b.at(0).content);
  EXPECT_EQ(a.at(1).content, 0U);
  client.get("a").ack(1).get("b").ack(2).get("t").ack(3);  // the fake checks what is removed
  EXPECT_THAT(broker.journal.stored("b"), IsEmpty());
}

TEST(Vhost, TransientThingsNeverReachTheStore) {
  TestBroker broker;
  TestClient client{broker};
  client.declare("t").declare("x", {.durable = true, .exclusive = true}).exchange("e", "fanout");
  client.bind("t", "e").bind("t", "amq.direct").send("t", "1", persistent()).get("t").nack(1);
  client.declare("d", {.durable = true});
  broker.journal.forget_turns();
  client.send("d", "1").get("d").nack(2).get("d").ack(3).purge("d").delete_queue("t");
  EXPECT_THAT(broker.journal.turns(), IsEmpty());
}

TEST(Vhost, OneBatchOfCommandsIsOnePartOfOneTransaction) {
  TestBroker broker;
  TestClient client{broker};
  client.declare("q", {.durable = true});
  broker.journal.forget_turns();
  client.together(
      [&] { client.send("q", "1", persistent()).get("q").ack(1).send("q", "2", persistent()); });
  EXPECT_THAT(broker.journal.turns(),
              ElementsAre(ElementsAre("append q 1", "remove q 1", "append q 2")));
}

TEST(Vhost, ARestartBringsBackWhatIsDurable) {
  TestBroker broker;
  TestClient client{broker};
  client.exchange("top", "topic", {.durable = true, .arguments = {{"alternate-exchange", "rest"}}});
  client.exchange("rest", "fanout", {.durable = true, .internal = true}).exchange("gone", "fanout");
  client.declare("q", {.durable = true, .arguments = {{"x-max-length", 2}}}).declare("gone");
  client.declare("r", {.durable = true}).bind("r", "rest").bind("q", "top", "a.#");
  client.bind("q", "amq.headers", "", {{"x-match", "any"}, {"n", 1}}).bind("gone", "top", "#");
  client.bind_exchange("rest", "top", "b");
  broker.restart();
  EXPECT_FALSE(broker.has_queue("gone"));
  EXPECT_FALSE(broker.has_exchange("gone"));
  TestClient again{broker};
  again.publish("top", "a.b", "1").publish("top", "b", "2").publish("top", "x", "3");
  again.publish("amq.headers", "", "4", with_headers({{"n", 1}})).send("q", "5");
  EXPECT_THAT(broker.browse("q"), ElementsAre("4", "5"));
  EXPECT_THAT(broker.browse("r"), ElementsAre("2", "3"));
  EXPECT_TRUE(broker.vhost().exchange("rest").is_internal());
  EXPECT_EQ(broker.queue("q").arguments, (amqp::Table{{"x-max-length", 2}}));
}

TEST(Vhost, AQueueIdIsNeverUsedAgainAfterARestart) {
  TestBroker broker;
  TestClient client{broker};
  client.declare("a", {.durable = true}).declare("b", {.durable = true});
  const QueueId last = broker.vhost().find_queue("b")->id();
  client.delete_queue("b");
  broker.restart();
  TestClient again{broker};
  again.declare("c", {.durable = true});
  EXPECT_GT(broker.vhost().find_queue("c")->id(), last);
}

TEST(Vhost, WhatWasNotCommittedIsGoneAndWasNotConfirmed) {
  TestBroker broker;
  TestClient client{broker};
  client.declare("q", {.durable = true}).confirm_select();
  client.send("q", "1", persistent()).ignore();
  broker.commits_at_once = false;
  client.send("q", "2", persistent()).get("q").ack(1);
  EXPECT_THAT(client.received(), ElementsAre("get-ok 1 '1' left 1"));
  broker.restart();
  EXPECT_THAT(broker.browse("q"), ElementsAre("1"));
}

TEST(Vhost, AChangeAndItsReplyAreOneTurn) {
  TestBroker broker;
  TestClient client{broker};
  client.exchange("e", "fanout", {.durable = true, .auto_delete = true});
  client.declare("q", {.durable = true}).bind("q", "e");
  broker.journal.forget_turns();
  client.delete_queue("q");
  ASSERT_THAT(broker.journal.turns(), SizeIs(1));
  EXPECT_THAT(broker.journal.last_turn(), ElementsAre("drop queue q", "drop exchange e"));
}

// The deadline.

TEST(Vhost, TimeNeverGoesBack) {
  TestBroker broker;
  const TimeMs before = broker.vhost().now();
  broker.skip(-500);
  broker.turn([&](Vhost& vhost) { EXPECT_EQ(vhost.now(), before); });
}

// For the management API.

TEST(Vhost, PublishTellsWhetherAQueueWasReached) {
  TestBroker broker;
  TestClient client{broker};
  client.declare("q").exchange("inner", "fanout", {.internal = true});
  const auto message = [&](const char* exchange, const char* key) {
    return Message::make(exchange, key, amqp::write_properties({}), "1", broker.now());
  };
  broker.turn([&](Vhost& vhost) {
    EXPECT_TRUE(vhost.publish(message("", "q")));
    EXPECT_FALSE(vhost.publish(message("", "absent")));
    EXPECT_EQ(error_of([&] { vhost.publish(message("absent", "")); }),
              "NOT_FOUND - no exchange 'absent' in vhost '/'");
    EXPECT_EQ(error_of([&] { vhost.publish(message("inner", "")); }),
              "ACCESS_REFUSED - cannot publish to internal exchange 'inner' in vhost '/'");
  });
  EXPECT_THAT(broker.browse("q"), ElementsAre("1"));
}

struct Taken {
  std::vector<std::string> lines;
  bool is_done = false;
};

void take(TestBroker& broker, std::size_t count, TakeMode mode, Taken& taken) {
  broker.turn([&](Vhost& vhost) {
    vhost.take("q", count, mode, [&](std::vector<TakenMessage> messages) {
      taken.is_done = true;
      for (const TakenMessage& each : messages)
        taken.lines.push_back(std::string{each.message->body()} + (each.redelivered ? "r " : " ") +
                              std::to_string(each.messages_left));
    });
  });
}

TEST(Vhost, TakeSettlesAsItWasAsked) {
  TestBroker broker;
  TestClient client{broker};
  client.declare("q", {.durable = true});
  for (const char* body : {"1", "2", "3"}) client.send("q", body, persistent());
  Taken requeued;
  take(broker, 2, TakeMode::requeue, requeued);
  EXPECT_THAT(requeued.lines, ElementsAre("1 2", "2 1"));
  EXPECT_THAT(broker.browse("q"), ElementsAre("1", "2", "3"));
  Taken acked;
  take(broker, 1, TakeMode::ack, acked);
  EXPECT_THAT(acked.lines, ElementsAre("1r 2"));
  Taken rejected;
  take(broker, 10, TakeMode::reject, rejected);
  EXPECT_THAT(rejected.lines, ElementsAre("2r 1", "3 0"));
  EXPECT_EQ(broker.dropped("q", DeathReason::rejected), 2U);
  EXPECT_THAT(broker.journal.stored("q"), IsEmpty());
}

TEST(Vhost, TakeReadsOnIntoTheStore) {
  TestBroker broker{{.queue_window_messages = 4}};
  TestClient client{broker};
  client.declare("q", {.durable = true});
  for (int i = 0; i < 200; ++i) client.send("q", "x", persistent());
  Taken taken;
  take(broker, 150, TakeMode::ack, taken);
  EXPECT_THAT(taken.lines, SizeIs(150));
  EXPECT_EQ(broker.ready("q"), 50U);
  EXPECT_EQ(broker.unacked("q"), 0U);
}

TEST(Vhost, TakeCountsEveryMessage) {
  TestBroker broker;
  TestClient client{broker};
  client.declare("q").send("q", "1").send("q", "2");
  Taken taken;
  take(broker, 2, TakeMode::ack, taken);
  EXPECT_EQ(broker.queue("q").stats.get_no_ack, 2U);
}

TEST(Vhost, TakeThatWaitsForAQueueThatIsDeletedEnds) {
  TestBroker broker{{.queue_window_messages = 4}};
  TestClient client{broker};
  client.declare("q", {.durable = true});
  for (int i = 0; i < 200; ++i) client.send("q", "x", persistent());
  broker.reads_at_once = false;
  Taken taken;
  take(broker, 150, TakeMode::ack, taken);
  EXPECT_FALSE(taken.is_done);
  client.delete_queue("q");
  EXPECT_TRUE(taken.is_done);
  broker.answer_read();
}

TEST(Vhost, RouteTestTellsTheQueuesAndPublishesNothing) {
  TestBroker broker;
  TestClient client{broker};
  client.declare("a").declare("b").exchange("e", "topic").bind("a", "e", "x.#").bind("b", "e", "#");
  broker.turn([](Vhost& vhost) {
    EXPECT_THAT(vhost.route_test("e", "x.y", {}), UnorderedElementsAre("a", "b"));
    EXPECT_THAT(vhost.route_test("e", "y", {}), ElementsAre("b"));
    EXPECT_EQ(error_of([&] { vhost.route_test("absent", "y", {}); }),
              "NOT_FOUND - no exchange 'absent' in vhost '/'");
  });
  EXPECT_EQ(broker.ready("a") + broker.ready("b"), 0U);
}

TEST(Vhost, TheManagementApiMayUseExclusiveQueues) {
  TestBroker broker;
  TestClient client{broker};
  client.declare("q", {.exclusive = true}).send("q", "1");
  broker.turn([](Vhost& vhost) { EXPECT_EQ(vhost.purge("q"), 1U); });
}

TEST(Vhost, NamesBeyondAShortStringAreRefused) {
  TestBroker broker;
  const std::string name(256, 'n');
  broker.turn([&](Vhost& vhost) {
    EXPECT_NE(error_of([&] { vhost.declare_queue({.name = name, .arguments = {}}, {}); }), "none");
    EXPECT_NE(error_of([&] {
                vhost.declare_exchange({.name = name, .type = "fanout", .arguments = {}});
              }),
              "none");
    EXPECT_THROW(Message::make("", name, amqp::write_properties({}), "", 0), amqp::Error);
  });
}

}  // namespace
}  // namespace leveret::broker::test
