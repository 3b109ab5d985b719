#include "broker/dead_letter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/broker/support/test_client.h"

namespace leveret::broker::test {
namespace {

using amqp::Array;
using amqp::Table;
using amqp::Timestamp;
using amqp::Value;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

/// The arguments of a queue whose dead letters go to queue `target`.
Table dead_to(const std::string& target, Table more = {}) {
  more.set("x-dead-letter-exchange", "");
  more.set("x-dead-letter-routing-key", target);
  return more;
}

/// One message of queue `name`, taken from it.
Received take(TestBroker& broker, const std::string& name) {
  TestClient client{broker};
  client.get(name, true);
  return client.deliveries().at(0);
}

Table first_death(const Received& message) {
  return *message.headers().find("x-death")->get_if<Array>()->at(0).get_if<Table>();
}

std::int64_t count_of(const Table& death) {
  return *death.find("count")->as_integer();
}

TEST(DeadLetter, CarriesItsDeathExactlyAsRabbitMqWritesIt) {
  TestBroker broker;
  TestClient client{broker};
  client.exchange("jobs", "direct").exchange("dlx", "fanout").declare("dead").bind("dead", "dlx");
  client.declare("q", {.arguments = {{"x-dead-letter-exchange", "dlx"}}}).bind("q", "jobs", "k");
  amqp::Properties properties = with_headers({{"id", 7}});
  properties.content_type = "text/plain";
  client.publish("jobs", "k", "body", properties).get("q").reject(1);
  const Received dead = take(broker, "dead");
  EXPECT_EQ(dead.exchange, "dlx");
  EXPECT_EQ(dead.routing_key, "k");
  EXPECT_EQ(dead.body, "body");
  EXPECT_FALSE(dead.redelivered);
  const Table death{{"count", std::int64_t{1}},
                    {"reason", "rejected"},
                    {"queue", "q"},
                    {"time", Timestamp{static_cast<std::uint64_t>(broker.now() / 1000)}},
                    {"exchange", "jobs"},
                    {"routing-keys", Array{"k"}}};
  EXPECT_EQ(first_death(dead), death);
  properties.headers = Table{{"x-death", Array{death}},
                             {"id", 7},
                             {"x-first-death-reason", "rejected"},
                             {"x-first-death-queue", "q"},
                             {"x-first-death-exchange", "jobs"},
                             {"x-last-death-reason", "rejected"},
                             {"x-last-death-queue", "q"},
                             {"x-last-death-exchange", "jobs"}};
  EXPECT_EQ(dead.properties, properties);
}

TEST(DeadLetter, TheSameDeathAgainIsCountedUpAndKeepsItsFirstTime) {
  TestBroker broker;
  TestClient client{broker};
  client.declare("q", {.arguments = dead_to("wait")});
  client.declare("wait", {.arguments = dead_to("q", {{"x-message-ttl", 5000}})});
  const auto first_time = static_cast<std::uint64_t>(broker.now() / 1000);
  client.send("q", "1");
  for (std::uint64_t round = 1; round <= 3; ++round) {
    client.get("q").reject(round);
    broker.advance(5000);
  }
  client.ignore();
  client.get("q");
  const Received back = client.deliveries().at(0);
  const Array& deaths = *back.headers().find("x-death")->get_if<Array>();
  ASSERT_EQ(deaths.size(), 2U);
  const Table& latest = *deaths[0].get_if<Table>();
  const Table& other = *deaths[1].get_if<Table>();
  EXPECT_EQ(*latest.find("reason")->as_string(), "expired");
  EXPECT_EQ(*latest.find("queue")->as_string(), "wait");
  EXPECT_EQ(count_of(latest), 3);
  EXPECT_EQ(*other.find("reason")->as_string(), "rejected");
  EXPECT_EQ(count_of(other), 3);
  EXPECT_EQ(other.find("time")->get_if<Timestamp>()->seconds, first_time);
  EXPECT_EQ(*back.headers().find("x-first-death-reason")->as_string(), "rejected");
  EXPECT_EQ(*back.headers().find("x-last-death-reason")->as_string(), "expired");
}

TEST(DeadLetter, EveryReasonIsNamed) {
  const auto reason_after = [](const Table& arguments,
                               const std::function<void(TestBroker&, TestClient&)>& act) {
    TestBroker broker;
    TestClient client{broker};
    client.declare("dead").declare("q", {.arguments = dead_to("dead", arguments)});
    act(broker, client);
    return *first_death(take(broker, "dead")).find("reason")->as_string();
  };
  EXPECT_EQ(
      reason_after({}, [](auto&, auto& c) { c.send("q", "1").get("q").nack(1, false, false); }),
      "rejected");
  EXPECT_EQ(reason_after({{"x-message-ttl", 10}},
                         [](auto& b, auto& c) {
                           c.send("q", "1");
                           b.advance(10);
                         }),
            "expired");
  EXPECT_EQ(
      reason_after({{"x-max-length", 1}}, [](auto&, auto& c) { c.send("q", "1").send("q", "2"); }),
      "maxlen");
  EXPECT_EQ(reason_after({{"x-max-length", 1}, {"x-overflow", "reject-publish-dlx"}},
                         [](auto&, auto& c) { c.send("q", "1").send("q", "2"); }),
            "maxlen");
  EXPECT_EQ(reason_after({{"x-delivery-limit", 1}},
                         [](auto&, auto& c) { c.send("q", "1").consume("q").nack(1).nack(2); }),
            "delivery_limit");
}

TEST(DeadLetter, ExpirationIsKeptInItsDeathAndRemovedFromTheMessage) {
  TestBroker broker;
  TestClient client{broker};
  client.declare("dead").declare("q", {.arguments = dead_to("dead")});
  client.send("q", "1", with_expiration("50"));
  broker.advance(50);
  const Received dead = take(broker, "dead");
  EXPECT_FALSE(dead.properties.expiration);
  EXPECT_EQ(*first_death(dead).find("original-expiration")->as_string(), "50");
}

TEST(DeadLetter, WithoutAKeyOfItsOwnItGoesByAllItsKeys) {
  TestBroker broker;
  TestClient client{broker};
  client.exchange("dlx", "direct").declare("a").declare("b").declare("c");
  client.bind("a", "dlx", "q").bind("b", "dlx", "cc").bind("c", "dlx", "bcc");
  client.declare("q", {.arguments = {{"x-dead-letter-exchange", "dlx"}}});
  client.send("q", "1", with_headers({{"CC", Array{"cc"}}, {"BCC", Array{"bcc"}}}));
  client.get("q").reject(1);
  for (const char* name : {"a", "b", "c"}) EXPECT_EQ(broker.ready(name), 1U) << name;
  const Received dead = take(broker, "b");
  EXPECT_EQ(dead.routing_key, "q");
  EXPECT_EQ(*first_death(dead).find("routing-keys"), Value{(Array{"q", "cc"})});
  EXPECT_EQ(*dead.headers().find("CC"), Value{Array{"cc"}});
  EXPECT_FALSE(dead.headers().contains("BCC"));
}

TEST(DeadLetter, GoesByItsBlindCopiesAfterARestartToo) {
  TestBroker broker;
  {
    TestClient client{broker};
    client.exchange("dlx", "direct", {.durable = true}).declare("c", {.durable = true});
    client.bind("c", "dlx", "bcc");
    client.declare("q", {.durable = true, .arguments = {{"x-dead-letter-exchange", "dlx"}}});
    client.send("q", "1", persistent(with_headers({{"BCC", Array{"bcc"}}})));
  }
  broker.restart();
  TestClient client{broker};
  client.ignore();
  client.get("q");
  EXPECT_TRUE(client.deliveries().at(0).headers().is_empty());
  client.reject(1);
  const Received dead = take(broker, "c");
  EXPECT_EQ(dead.body, "1");
  EXPECT_FALSE(dead.headers().contains("BCC"));
}

TEST(DeadLetter, BlindCopiesAreSeenByNobody) {
  TestBroker broker;
  TestClient client{broker};
  const amqp::Properties properties = with_headers({{"BCC", Array{"x"}}, {"n", 1}});
  const amqp::Table visible{{"n", 1}};
  client.declare("q", {.durable = true, .arguments = {{"x-queue-type", "quorum"}}}).ignore();
  client.send("q", "1", properties).get("q");
  EXPECT_EQ(client.deliveries().at(0).headers(), visible);
  client.nack(1).get("q");
  EXPECT_EQ(client.deliveries().at(0).headers(),
            (amqp::Table{{"n", 1}, {"x-delivery-count", std::int64_t{1}}}));
  client.nack(2);
  broker.turn([](Vhost& vhost) {
    vhost.take("q", 1, TakeMode::ack, [](const std::vector<TakenMessage>& taken) {
      EXPECT_EQ(taken.at(0).message->headers().find("BCC"), std::string_view::npos);
    });
  });
}

TEST(DeadLetter, WithAKeyOfItsOwnItLosesItsOtherKeys) {
  TestBroker broker;
  TestClient client{broker};
  client.exchange("dlx", "direct").declare("a").declare("b").declare("c");
  client.bind("a", "dlx", "override").bind("b", "dlx", "cc").bind("c", "dlx", "bcc");
  client.declare("q", {.arguments = {{"x-dead-letter-exchange", "dlx"},
                                     {"x-dead-letter-routing-key", "override"}}});
  client.send("q", "1", with_headers({{"CC", Array{"cc"}}, {"BCC", Array{"bcc"}}}));
  client.get("q").reject(1);
  EXPECT_EQ(broker.ready("b") + broker.ready("c"), 0U);
  const Received dead = take(broker, "a");
  EXPECT_EQ(dead.routing_key, "override");
  EXPECT_FALSE(dead.headers().contains("CC"));
  EXPECT_EQ(*first_death(dead).find("routing-keys"), Value{(Array{"q", "cc"})});
}

TEST(DeadLetter, ThatComesRoundWithoutARejectionIsDroppedAndCounted) {
  TestBroker broker;
  TestClient client{broker};
  client.declare("a", {.arguments = dead_to("b", {{"x-message-ttl", 10}})});
  client.declare("b", {.arguments = dead_to("a", {{"x-message-ttl", 10}})});
  client.send("a", "1");
  broker.advance(10);
  broker.advance(10);
  EXPECT_EQ(broker.ready("a") + broker.ready("b"), 0U);
  EXPECT_EQ(broker.queue("a").stats.all_dead_lettered(), 1U);
  EXPECT_EQ(broker.dropped("b", DeathReason::expired), 1U);
}

TEST(DeadLetter, ToItsOwnQueueForItsLengthIsACycle) {
  TestBroker broker;
  TestClient client{broker};
  client.declare("q", {.arguments = dead_to("q", {{"x-max-length", 1}})});
  client.send("q", "1").send("q", "2");
  EXPECT_THAT(broker.browse("q"), ElementsAre("2"));
  EXPECT_EQ(broker.dropped("q", DeathReason::maxlen), 1U);
}

TEST(DeadLetter, ARejectionOnTheWayBreaksTheCycle) {
  TestBroker broker;
  TestClient client{broker};
  client.declare("q", {.arguments = dead_to("q")}).send("q", "1").get("q").reject(1);
  EXPECT_THAT(broker.browse("q"), ElementsAre("1"));
}

TEST(DeadLetter, WithoutAnExchangeOrARouteItIsDroppedAndCounted) {
  TestBroker broker;
  TestClient client{broker};
  client.declare("q", {.arguments = {{"x-dead-letter-exchange", "absent"}}}).send("q", "1");
  client.declare("r", {.arguments = dead_to("absent")}).send("r", "2");
  client.get("q").reject(1).get("r").reject(2);
  EXPECT_EQ(broker.dropped("q", DeathReason::rejected), 1U);
  EXPECT_EQ(broker.dropped("r", DeathReason::rejected), 1U);
}

TEST(DeadLetter, MovesWithinOneTurnOfTheStore) {
  TestBroker broker;
  TestClient client{broker};
  client.declare("dead", {.durable = true}).declare("more", {.durable = true});
  client.exchange("dlx", "fanout").bind("dead", "dlx").bind("more", "dlx");
  client.declare("q", {.durable = true, .arguments = {{"x-dead-letter-exchange", "dlx"}}});
  client.send("q", "1", persistent()).get("q");
  broker.journal.forget_turns();
  client.reject(1);
  EXPECT_THAT(broker.journal.turns(),
              ElementsAre(UnorderedElementsAre("remove q 1", "append dead 1", "append more 1")));
}

TEST(DeadLetter, OfAConnectionThatIsLostMovesWithinOneTurnToo) {
  TestBroker broker;
  TestClient client{broker};
  client.declare("dead", {.durable = true});
  client.declare("q", {.durable = true, .arguments = dead_to("dead", {{"x-delivery-limit", 0}})});
  client.send("q", "1", persistent()).get("q");
  broker.journal.forget_turns();
  client.drop();
  EXPECT_THAT(broker.journal.turns(),
              ElementsAre(UnorderedElementsAre("remove q 1", "append dead 1")));
}

TEST(DeadLetter, OfAnExclusiveQueueSurviveTheConnection) {
  TestBroker broker;
  TestClient client{broker};
  TestClient other{broker};
  other.declare("dead");
  client.declare("mine",
                 {.exclusive = true, .arguments = dead_to("dead", {{"x-delivery-limit", 0}})});
  client.send("mine", "1").send("mine", "2").get("mine").drop();
  EXPECT_THAT(broker.browse("dead"), ElementsAre("1"));
}

TEST(DeadLetter, DeletingOrPurgingMakesNone) {
  TestBroker broker;
  TestClient client{broker};
  client.declare("dead").declare("q", {.arguments = dead_to("dead")}).send("q", "1").purge("q");
  client.send("q", "2").delete_queue("q");
  EXPECT_THAT(broker.browse("dead"), IsEmpty());
}

TEST(DeadLetter, ATransientMessageOfADurableQueueStaysTransient) {
  TestBroker broker;
  TestClient client{broker};
  client.declare("dead", {.durable = true});
  client.declare("q", {.durable = true, .arguments = dead_to("dead")});
  client.send("q", "1").send("q", "2", persistent()).get("q").get("q").reject(1).reject(2);
  EXPECT_THAT(broker.journal.stored("dead"), ElementsAre("2"));
}

TEST(DeadLetter, WithHeadersThatHaveGrownTooFarIsDroppedAndHarmsNobody) {
  TestBroker broker;
  TestClient client{broker};
  client.declare("dead").declare("q", {.arguments = dead_to("dead")});
  client.publish_message(overgrown_message("q")).get("q").ignore();
  client.reject(1).send("q", "2").get("q");
  EXPECT_THAT(client.received(), ElementsAre("get-ok 2 '2' left 0"));
  EXPECT_EQ(broker.dropped("q", DeathReason::rejected), 1U);
}

TEST(DeadLetter, HeadersThatHaveGrownTooFarAreRedeliveredAsTheyAre) {
  TestBroker broker;
  TestClient client{broker};
  client.declare("q", {.arguments = {{"x-delivery-limit", 5}}}).consume("q");
  client.publish_message(overgrown_message("q")).ignore();
  client.nack(1);
  EXPECT_THAT(client.received(), ElementsAre("deliver c 2 '1' redelivered"));
}

TEST(DeadLetter, ACountThatAClientMadeEnormousStaysThere) {
  TestBroker broker;
  TestClient client{broker};
  client.declare("dead").declare("q", {.arguments = dead_to("dead")});
  const Table death{{"count", INT64_MAX}, {"reason", "rejected"}, {"queue", "q"}};
  client.send("q", "1", with_headers({{"x-death", Array{death}}})).get("q").reject(1);
  EXPECT_EQ(count_of(first_death(take(broker, "dead"))), INT64_MAX);
}

TEST(DeadLetter, AHistoryThatAClientPublishesAgainCountsOn) {
  TestBroker broker;
  TestClient client{broker};
  client.declare("dead").declare("q", {.arguments = dead_to("dead")});
  client.send("q", "1").get("q").reject(1);
  const Received dead = take(broker, "dead");
  client.send("q", "1", dead.properties).get("q").reject(2);
  const Received again = take(broker, "dead");
  EXPECT_EQ(count_of(first_death(again)), 2);
  EXPECT_EQ(again.headers().find("x-death")->get_if<Array>()->size(), 1U);
}

TEST(DeadLetter, OfAnotherHeaderTypeInXDeathIsNoHistory) {
  TestBroker broker;
  TestClient client{broker};
  client.declare("dead").declare("q", {.arguments = dead_to("dead")});
  client.send("q", "1", with_headers({{"x-death", "not an array"}}));
  client.send("q", "2", with_headers({{"x-death", Array{"not a table", 1}}}));
  client.get("q").reject(1).get("q").reject(2);
  EXPECT_EQ(count_of(first_death(take(broker, "dead"))), 1);
  EXPECT_EQ(count_of(first_death(take(broker, "dead"))), 1);
}

}  // namespace
}  // namespace leveret::broker::test
