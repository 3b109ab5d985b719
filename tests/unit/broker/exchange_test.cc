#include "broker/exchange.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/broker/support/test_client.h"

namespace leveret::broker::test {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(Exchange, DirectRoutesByEqualKey) {
  TestBroker broker;
  TestClient client{broker};
  client.exchange("e", "direct").declare("a").declare("b").bind("a", "e", "x").bind("b", "e", "y");
  client.publish("e", "x", "1").publish("e", "y", "2").publish("e", "z", "3");
  EXPECT_THAT(broker.browse("a"), ElementsAre("1"));
  EXPECT_THAT(broker.browse("b"), ElementsAre("2"));
}

TEST(Exchange, FanoutRoutesEverywhereWhateverTheKey) {
  TestBroker broker;
  TestClient client{broker};
  client.exchange("e", "fanout").declare("a").declare("b").bind("a", "e", "x").bind("b", "e");
  client.publish("e", "any", "1");
  EXPECT_THAT(broker.browse("a"), ElementsAre("1"));
  EXPECT_THAT(broker.browse("b"), ElementsAre("1"));
}

TEST(Exchange, TopicRoutesByPattern) {
  TestBroker broker;
  TestClient client{broker};
  client.exchange("e", "topic").declare("a").declare("b");
  client.bind("a", "e", "video.*").bind("b", "e", "#.error");
  client.publish("e", "video.new", "1").publish("e", "video.error", "2").publish("e", "x.y", "3");
  EXPECT_THAT(broker.browse("a"), ElementsAre("1", "2"));
  EXPECT_THAT(broker.browse("b"), ElementsAre("2"));
}

TEST(Exchange, HeadersRouteByHeaderAndNotByKey) {
  TestBroker broker;
  TestClient client{broker};
  client.exchange("e", "headers").declare("a").bind("a", "e", "key", {{"type", "video"}});
  client.publish("e", "key", "1").publish("e", "", "2", with_headers({{"type", "video"}}));
  EXPECT_THAT(broker.browse("a"), ElementsAre("2"));
}

TEST(Exchange, DefaultRoutesToTheQueueOfThatName) {
  TestBroker broker;
  TestClient client{broker};
  client.declare("a").send("a", "1").send("absent", "2");
  EXPECT_THAT(broker.browse("a"), ElementsAre("1"));
  EXPECT_EQ(broker.vhost().stats().drop_unroutable, 1U);
}

TEST(Exchange, AQueueGetsOneCopyHoweverManyBindingsMatch) {
  TestBroker broker;
  TestClient client{broker};
  client.exchange("e", "topic").exchange("f", "fanout").declare("q");
  client.bind("q", "e", "a.#").bind("q", "e", "*.b").bind("q", "e", "a.b").bind("q", "f");
  client.bind_exchange("f", "e", "#").publish("e", "a.b", "once");
  EXPECT_THAT(broker.browse("q"), ElementsAre("once"));
}

TEST(Exchange, BindingTwiceIsBindingOnce) {
  TestBroker broker;
  TestClient client{broker};
  client.exchange("e", "direct").declare("q").bind("q", "e", "k").bind("q", "e", "k");
  client.unbind("q", "e", "k").publish("e", "k", "1");
  EXPECT_THAT(broker.browse("q"), IsEmpty());
}

TEST(Exchange, BindingsWithOtherArgumentsAreOtherBindings) {
  TestBroker broker;
  TestClient client{broker};
  client.exchange("e", "direct").declare("q");
  client.bind("q", "e", "k").bind("q", "e", "k", {{"n", 1}}).unbind("q", "e", "k", {{"n", 1}});
  client.publish("e", "k", "1");
  EXPECT_THAT(broker.browse("q"), ElementsAre("1"));
}

TEST(Exchange, ExchangesBoundInACircleEndAndDeliverOnce) {
  TestBroker broker;
  TestClient client{broker};
  client.exchange("e", "fanout").exchange("f", "fanout").exchange("g", "fanout").declare("q");
  client.bind_exchange("f", "e").bind_exchange("g", "f").bind_exchange("e", "g");
  client.bind_exchange("e", "e").bind("q", "g").publish("e", "", "1").publish("g", "", "2");
  EXPECT_THAT(broker.browse("q"), ElementsAre("1", "2"));
}

TEST(Exchange, TheKeyGoesAlongFromExchangeToExchange) {
  TestBroker broker;
  TestClient client{broker};
  client.exchange("in", "topic").exchange("out", "direct").declare("q");
  client.bind_exchange("out", "in", "jobs.#").bind("q", "out", "jobs.video");
  client.publish("in", "jobs.video", "1").publish("in", "jobs.audio", "2");
  EXPECT_THAT(broker.browse("q"), ElementsAre("1"));
}

TEST(Exchange, TheAlternateTakesWhatIsNotRouted) {
  TestBroker broker;
  TestClient client{broker};
  client.exchange("rest", "fanout")
      .exchange("e", "direct", {.arguments = {{"alternate-exchange", "rest"}}});
  client.declare("q").declare("r").bind("q", "e", "k").bind("r", "rest");
  client.publish("e", "k", "1").publish("e", "x", "2", {}, {.mandatory = true});
  EXPECT_THAT(broker.browse("q"), ElementsAre("1"));
  EXPECT_THAT(broker.browse("r"), ElementsAre("2"));
}

TEST(Exchange, AlternatesInACircleEnd) {
  TestBroker broker;
  TestClient client{broker};
  client.exchange("e", "direct", {.arguments = {{"alternate-exchange", "f"}}});
  client.exchange("f", "direct", {.arguments = {{"alternate-exchange", "e"}}});
  client.ignore();
  client.publish("e", "x", "1", {}, {.mandatory = true});
  EXPECT_THAT(client.received(), ElementsAre("return '1'"));
}

TEST(Exchange, AnAbsentAlternateIsNoRoute) {
  TestBroker broker;
  TestClient client{broker};
  client.exchange("e", "direct", {.arguments = {{"alternate-exchange", "absent"}}}).ignore();
  client.publish("e", "x", "1", {}, {.mandatory = true});
  EXPECT_THAT(client.received(), ElementsAre("return '1'"));
}

TEST(Exchange, CcAndBccAreFurtherRoutingKeys) {
  TestBroker broker;
  TestClient client{broker};
  client.declare("a").declare("b").declare("c");
  client.send("a", "1", with_headers({{"CC", amqp::Array{"b", "a"}}, {"BCC", amqp::Array{"c"}}}));
  EXPECT_THAT(broker.browse("a"), ElementsAre("1"));
  EXPECT_THAT(broker.browse("b"), ElementsAre("1"));
  EXPECT_THAT(broker.browse("c"), ElementsAre("1"));
}

TEST(Exchange, BccIsNotDelivered) {
  TestBroker broker;
  TestClient client{broker};
  client.declare("a").consume("a").ignore();
  client.send("a", "1",
              with_headers({{"CC", amqp::Array{"x"}}, {"BCC", amqp::Array{"y"}}, {"n", 1}}));
  const auto deliveries = client.deliveries();
  ASSERT_EQ(deliveries.size(), 1U);
  EXPECT_EQ(deliveries[0].headers(), (amqp::Table{{"CC", amqp::Array{"x"}}, {"n", 1}}));
}

TEST(Exchange, AnAutoDeleteExchangeGoesWithTheQueueThatItLeadsTo) {
  TestBroker broker;
  TestClient client{broker};
  client.exchange("top", "fanout", {.auto_delete = true});
  client.exchange("middle", "fanout", {.auto_delete = true});
  client.exchange("stays", "fanout").declare("q").bind("q", "middle").bind("q", "stays");
  client.bind_exchange("middle", "top").bind_exchange("top", "middle").delete_queue("q");
  EXPECT_TRUE(broker.has_exchange("middle"));  // it still leads to "top"
  client.unbind_exchange("top", "middle");
  EXPECT_FALSE(broker.has_exchange("middle"));
  EXPECT_FALSE(broker.has_exchange("top"));
  EXPECT_TRUE(broker.has_exchange("stays"));
}

TEST(Exchange, DeletingOneTakesAllBindingsToAndFromIt) {
  TestBroker broker;
  TestClient client{broker};
  client.exchange("a", "fanout").exchange("b", "direct").exchange("c", "topic").declare("q");
  client.bind_exchange("b", "a").bind_exchange("b", "b", "x").bind_exchange("c", "b", "x");
  client.bind("q", "b", "x").bind("q", "c", "#").bind("q", "c", "*").delete_exchange("b");
  client.publish("a", "x", "1");
  EXPECT_EQ(broker.vhost().stats().drop_unroutable, 1U);
  client.delete_queue("q").publish("c", "x", "2");
  EXPECT_EQ(broker.vhost().stats().drop_unroutable, 2U);
}

TEST(Exchange, RemovingSomeBindingsLeavesTheOthers) {
  for (const std::string type : {"direct", "fanout", "topic", "headers", "x-modulus-hash"}) {
    TestBroker broker;
    TestClient client{broker};
    client.exchange("e", type);
    for (const char* name : {"a", "b", "c", "d", "f"}) client.declare(name).bind(name, "e", "k");
    client.unbind("a", "e", "k").delete_queue("c").unbind("f", "e", "k").bind("a", "e", "k");
    client.unbind("b", "e", "k").publish("e", "k", "1");
    EXPECT_EQ(broker.ready("b") + broker.ready("f"), 0U) << type;
    const std::uint64_t both = type == "x-modulus-hash" ? 1 : 2;
    EXPECT_EQ(broker.ready("a") + broker.ready("d"), both) << type;
  }
}

TEST(Exchange, ACcThatIsNoArrayOfStringsIsRefused) {
  TestBroker broker;
  TestClient client{broker};
  client.declare("a").ignore();
  client.send("a", "1", with_headers({{"CC", "b"}}));
  EXPECT_THAT(client.received(),
              ElementsAre(::testing::StartsWith("channel.close 406 PRECONDITION_FAILED")));
  EXPECT_EQ(broker.ready("a"), 0U);
}

TEST(Exchange, AutoDeleteGoesWithItsLastBindingAsSource) {
  TestBroker broker;
  TestClient client{broker};
  client.exchange("e", "direct", {.auto_delete = true}).declare("q");
  client.bind("q", "e", "a").bind("q", "e", "b").unbind("q", "e", "a");
  EXPECT_TRUE(broker.has_exchange("e"));
  client.unbind("q", "e", "b");
  EXPECT_FALSE(broker.has_exchange("e"));
}

TEST(Exchange, AutoDeleteCascadesThroughExchangesWhenAQueueGoes) {
  TestBroker broker;
  TestClient client{broker};
  const ExchangeOptions auto_delete{.auto_delete = true};
  client.exchange("a", "fanout", auto_delete).exchange("b", "fanout", auto_delete);
  client.exchange("c", "fanout", auto_delete).exchange("stays", "fanout").declare("q");
  client.bind_exchange("b", "a").bind_exchange("c", "b").bind_exchange("c", "stays");
  client.bind("q", "c").bind("q", "c", "k").bind("q", "stays").delete_queue("q");
  EXPECT_FALSE(broker.has_exchange("a"));
  EXPECT_FALSE(broker.has_exchange("b"));
  EXPECT_FALSE(broker.has_exchange("c"));
  EXPECT_TRUE(broker.has_exchange("stays"));
}

TEST(Exchange, AutoDeleteExchangesInACircleAreDeletedOnce) {
  TestBroker broker;
  TestClient client{broker};
  const ExchangeOptions auto_delete{.durable = true, .auto_delete = true};
  client.exchange("a", "fanout", auto_delete).exchange("b", "fanout", auto_delete);
  client.bind_exchange("b", "a").bind_exchange("a", "b").bind_exchange("a", "a");
  client.delete_exchange("a");
  EXPECT_FALSE(broker.has_exchange("a"));
  EXPECT_FALSE(broker.has_exchange("b"));
  EXPECT_EQ(broker.journal.binding_count(), 0U);
}

TEST(Exchange, DeletingOneUnbindsItsQueues) {
  TestBroker broker;
  TestClient client{broker};
  client.exchange("e", "direct").declare("q").bind("q", "e", "k").delete_exchange("e");
  client.exchange("e", "direct").publish("e", "k", "1").delete_queue("q");
  EXPECT_TRUE(broker.has_exchange("e"));
  EXPECT_EQ(broker.vhost().stats().drop_unroutable, 1U);
}

TEST(Exchange, OnlyBindingsOfDurableEndsAreStored) {
  TestBroker broker;
  TestClient client{broker};
  client.exchange("d", "direct", {.durable = true}).exchange("t", "direct");
  client.declare("qd", {.durable = true}).declare("qt");
  client.bind("qd", "d").bind("qt", "d").bind("qd", "t").bind_exchange("t", "d");
  EXPECT_EQ(broker.journal.binding_count(), 1U);
  client.unbind("qd", "d");
  EXPECT_EQ(broker.journal.binding_count(), 0U);
}

}  // namespace
}  // namespace leveret::broker::test
