#include "broker/policy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/broker/support/test_client.h"

namespace leveret::broker::test {
namespace {

using amqp::Table;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::int64_t operator""_i(unsigned long long number) {
  return static_cast<std::int64_t>(number);
}

PolicyRecord policy(const std::string& name, const std::string& pattern, const Table& definition,
                    const std::string& apply_to = "all", std::int64_t priority = 0) {
  return {PolicyKind::policy, name, pattern, apply_to, priority, definition};
}

PolicyRecord operator_policy(const std::string& name, const std::string& pattern,
                             const Table& definition) {
  return {PolicyKind::operator_policy, name, pattern, "queues", 0, definition};
}

/// What a declaration of this policy is refused with.
std::string error_of(const PolicyRecord& record) {
  try {
    Policy{record};
    return "none";
  } catch (const amqp::Error& error) {
    return error.what();
  }
}
std::string error_of(const Table& definition) {
  return error_of(policy("p", "x", definition));
}

bool set(TestBroker& broker, const PolicyRecord& record) {
  bool is_new = false;
  broker.turn([&](Vhost& vhost) { is_new = vhost.set_policy(Policy{record}); });
  return is_new;
}

bool drop(TestBroker& broker, const std::string& name, PolicyKind kind = PolicyKind::policy) {
  bool was_there = false;
  broker.turn([&](Vhost& vhost) { was_there = vhost.delete_policy(kind, name); });
  return was_there;
}

std::string policy_of(TestBroker& broker, const std::string& queue) {
  return broker.queue(queue).policy.policy;
}

// What may be declared.

TEST(PolicyCheck, RefusesWrongValuesInRabbitMqsWords) {
  EXPECT_EQ(error_of({{"max-length", -1}}), "-1 is not a valid maximum length");
  EXPECT_EQ(error_of({{"message-ttl", "5"}}), "<<\"5\">> is not a valid message TTL");
  EXPECT_EQ(error_of({{"expires", 0}}), "0 is not a valid queue expiry");
  EXPECT_EQ(error_of({{"overflow", "x"}}), "<<\"x\">> is not a valid overflow value");
  EXPECT_EQ(error_of({{"max-length-bytes", true}}), "true is not a valid maximum length in bytes");
  EXPECT_EQ(error_of({{"dead-letter-exchange", 5}}), "5 is not a valid dead letter exchange name");
  EXPECT_EQ(error_of({{"alternate-exchange", 5}}), "5 is not a valid alternate exchange name");
  EXPECT_EQ(error_of(Table{}), "no policy provided");
}

TEST(PolicyCheck, RefusesUnknownKeysAllAtOnce) {
  EXPECT_EQ(error_of({{"bogus", 1}, {"max-length", 3}, {"max-priority", "s"}}),
            "[{<<\"bogus\">>,1},{<<\"max-priority\">>,<<\"s\">>}] are not recognised policy "
            "settings");
}

TEST(PolicyCheck, AcceptsWhatMeansNothingOnOneNode) {
  EXPECT_EQ(error_of({{"ha-mode", "exactly"}, {"ha-params", 2}, {"ha-sync-mode", "automatic"}}),
            "none");
  EXPECT_EQ(error_of({{"queue-mode", "lazy"}, {"queue-version", 2}}), "none");
  EXPECT_EQ(error_of({{"federation-upstream-set", "all"}}), "none");
  EXPECT_EQ(error_of({{"dead-letter-strategy", "at-least-once"}}), "none");
}

TEST(PolicyCheck, AnOperatorMayOnlySetLimits) {
  EXPECT_EQ(error_of(operator_policy("o", "x", {{"max-length", 1}, {"delivery-limit", 2}})),
            "none");
  EXPECT_EQ(error_of(operator_policy("o", "x", {{"dead-letter-exchange", "x"}})),
            "[{<<\"dead-letter-exchange\">>,<<\"x\">>}] are not recognised policy settings");
}

TEST(PolicyCheck, ThePatternAndWhatItAppliesToMustBeRight) {
  EXPECT_EQ(error_of(policy("p", "(", {{"max-length", 1}})),
            "pattern should be regular expression but is invalid: {\"missing )\",1}");
  EXPECT_EQ(error_of(policy("p", "x", {{"max-length", 1}}, "bogus")),
            "apply-to 'bogus' unrecognised; should be one of: 'queues', 'classic_queues', "
            "'quorum_queues', 'streams', 'exchanges', or 'all'");
  EXPECT_EQ(error_of(policy("p", "x", {{"max-length", 1}}, "streams")), "none");
}

// Which one counts.

TEST(PolicyMatch, TheHighestPriorityCountsOfEqualsTheFirstByName) {
  TestBroker broker;
  TestClient client{broker};
  client.declare("jobs");
  set(broker, policy("b", "^jobs$", {{"max-length", 2}}));
  EXPECT_EQ(policy_of(broker, "jobs"), "b");
  set(broker, policy("a", "j", {{"max-length", 1}}));
  EXPECT_EQ(policy_of(broker, "jobs"), "a");
  set(broker, policy("low", "j", {{"max-length", 3}}, "all", -1));
  EXPECT_EQ(policy_of(broker, "jobs"), "a");
  set(broker, policy("z", "j", {{"max-length", 4}}, "queues", 1));
  EXPECT_EQ(policy_of(broker, "jobs"), "z");
  set(broker, policy("z", "other", {{"max-length", 4}}, "queues", 1));
  EXPECT_EQ(policy_of(broker, "jobs"), "a");
  EXPECT_TRUE(drop(broker, "a"));
  EXPECT_TRUE(drop(broker, "b"));
  EXPECT_EQ(policy_of(broker, "jobs"), "low");
}

TEST(PolicyMatch, AppliesToTheKindThatItNames) {
  TestBroker broker;
  TestClient client{broker};
  client.declare("classic").exchange("c-ex", "direct");
  client.declare("cq", {.durable = true, .arguments = {{"x-queue-type", "quorum"}}});
  const auto applied = [&](const std::string& apply_to) {
    set(broker, policy("p", "^c", {{"max-length", 9}}, apply_to));
    std::vector<std::string> found;
    if (policy_of(broker, "classic") == "p") found.push_back("classic");
    if (policy_of(broker, "cq") == "p") found.push_back("quorum");
    if (view_exchange(broker.vhost(), "c-ex")->policy.policy == "p") found.push_back("exchange");
    return found;
  };
  EXPECT_THAT(applied("all"), ElementsAre("classic", "quorum", "exchange"));
  EXPECT_THAT(applied("queues"), ElementsAre("classic", "quorum"));
  EXPECT_THAT(applied("classic_queues"), ElementsAre("classic"));
  EXPECT_THAT(applied("quorum_queues"), ElementsAre("quorum"));
  EXPECT_THAT(applied("exchanges"), ElementsAre("exchange"));
  EXPECT_THAT(applied("streams"), IsEmpty());
}

TEST(PolicyMatch, AKeyForeignToTheQueueTypeKeepsThePolicyOff) {
  TestBroker broker;
  TestClient client{broker};
  client.declare("classic");
  client.declare("quorum", {.durable = true, .arguments = {{"x-queue-type", "quorum"}}});
  set(broker, policy("lazy", "", {{"queue-mode", "lazy"}, {"max-length", 9}}));
  EXPECT_EQ(policy_of(broker, "classic"), "lazy");
  EXPECT_EQ(policy_of(broker, "quorum"), "");
  set(broker, policy("lazy", "", {{"max-age", "1D"}, {"max-length", 9}}));
  EXPECT_EQ(policy_of(broker, "classic"), "");
}

TEST(PolicyMatch, WhatIsDeclaredLaterHasItFromTheStart) {
  TestBroker broker;
  TestClient client{broker};
  set(broker, policy("p", "^jobs", {{"max-length", 1}}));
  client.declare("jobs").send("jobs", "1").send("jobs", "2");
  EXPECT_EQ(policy_of(broker, "jobs"), "p");
  EXPECT_THAT(broker.browse("jobs"), ElementsAre("2"));
}

// What the definitions come to.

TEST(PolicyMerge, AnOperatorsNumbersAreUpperBoundsAndItsOtherValuesCount) {
  const Table merged = merge_definitions(
      {{"max-length", 5_i}, {"message-ttl", 10_i}, {"overflow", "drop-head"}, {"expires", 7_i}},
      {{"max-length", 9_i},
       {"message-ttl", 3_i},
       {"overflow", "reject-publish"},
       {"delivery-limit", 4_i}});
  EXPECT_EQ(merged, (Table{{"max-length", 5_i},
                           {"message-ttl", 3_i},
                           {"overflow", "reject-publish"},
                           {"expires", 7_i},
                           {"delivery-limit", 4_i}}));
}

TEST(PolicyMerge, OfAnArgumentAndALimitTheLowerCounts) {
  const Table arguments{{"x-max-length", 5}, {"x-message-ttl", 5}, {"x-delivery-limit", 5}};
  const auto effective = [&](const Table& definition) {
    return with_policy(parse_queue_arguments(arguments, "q"), arguments, definition);
  };
  const QueueArguments lower =
      effective({{"max-length", 3}, {"message-ttl", 3}, {"delivery-limit", 3}, {"expires", 3}});
  EXPECT_EQ(lower.max_length, 3U);
  EXPECT_EQ(lower.message_ttl_ms, 3);
  EXPECT_EQ(lower.delivery_limit, 3U);
  EXPECT_EQ(lower.expires_ms, 3);
  const QueueArguments higher =
      effective({{"max-length", 9}, {"message-ttl", 9}, {"delivery-limit", 9}});
  EXPECT_EQ(higher.max_length, 5U);
  EXPECT_EQ(higher.message_ttl_ms, 5);
  EXPECT_EQ(higher.delivery_limit, 5U);
}

TEST(PolicyMerge, AnArgumentCountsMoreThanAPolicyForAllElse) {
  const Table arguments{{"x-dead-letter-exchange", "a"}, {"x-overflow", "drop-head"}};
  const QueueArguments effective = with_policy(parse_queue_arguments(arguments, "q"), arguments,
                                               {{"dead-letter-exchange", "b"},
                                                {"dead-letter-routing-key", "k"},
                                                {"overflow", "reject-publish"}});
  EXPECT_EQ(effective.dead_letter_exchange, "a");
  EXPECT_EQ(effective.dead_letter_routing_key, "k");
  EXPECT_EQ(effective.overflow, Overflow::drop_head);
}

TEST(PolicyMerge, OfConsumerTimeoutsTheLowerCountsAndNoneIsTheHighest) {
  const auto timeout = [](const Table& arguments, const Table& definition) {
    return with_policy(parse_queue_arguments(arguments, "q"), arguments, definition)
        .consumer_timeout_ms;
  };
  const Table five{{"consumer-timeout", 5}};
  EXPECT_EQ(timeout({}, five), 5);
  EXPECT_EQ(timeout({{"x-consumer-timeout", 3}}, five), 3);
  EXPECT_EQ(timeout({{"x-consumer-timeout", 9}}, five), 5);
  EXPECT_EQ(timeout({{"x-consumer-timeout", 0}}, five), 5);
  EXPECT_EQ(timeout({{"x-consumer-timeout", 9}}, {{"consumer-timeout", 0}}), 9);
  EXPECT_EQ(timeout({{"x-consumer-timeout", 0}}, {{"consumer-timeout", 0}}), 0);
}

TEST(PolicyMerge, ATimeForEverIsNoOverflow) {
  TestBroker broker;
  TestClient client{broker};
  set(broker, policy("p", "", {{"message-ttl", INT64_MAX}, {"expires", INT64_MAX}}));
  client.declare("q").send("q", "x");
  broker.advance(1'000'000'000);
  EXPECT_EQ(broker.ready("q"), 1U);
}

// Applied to what is there.

TEST(PolicyApply, ALengthLimitDeadLettersWhatIsTooMuchAtOnce) {
  TestBroker broker;
  TestClient client{broker};
  client.declare("q").declare("dead");
  for (const char* body : {"1", "2", "3"}) client.send("q", body);
  set(broker,
      policy(
          "p", "^q$",
          {{"max-length", 1}, {"dead-letter-exchange", ""}, {"dead-letter-routing-key", "dead"}}));
  EXPECT_THAT(broker.browse("q"), ElementsAre("3"));
  EXPECT_THAT(broker.browse("dead"), ElementsAre("1", "2"));
}

TEST(PolicyApply, ALengthLimitReachesWhatIsInTheStoreOnly) {
  TestBroker broker{{.queue_window_messages = 2}};
  TestClient client{broker};
  client.declare("q", {.durable = true});
  for (int i = 0; i < 20; ++i) client.send("q", std::to_string(i), persistent());
  set(broker, policy("p", "^q$", {{"max-length", 1}}));
  EXPECT_THAT(broker.browse("q"), ElementsAre("19"));
  EXPECT_THAT(broker.journal.stored("q"), ElementsAre("19"));
  EXPECT_EQ(broker.dropped("q", DeathReason::maxlen), 19U);
}

TEST(PolicyApply, RejectPublishLeavesWhatIsThere) {
  TestBroker broker;
  TestClient client{broker};
  client.confirm_select().declare("q").send("q", "1").send("q", "2").ignore();
  set(broker, policy("p", "^q$", {{"max-length", 1}, {"overflow", "reject-publish"}}));
  EXPECT_EQ(broker.ready("q"), 2U);
  client.send("q", "3");
  EXPECT_THAT(client.received(), ElementsAre("nack 3"));
  drop(broker, "p");
  client.send("q", "4");
  EXPECT_THAT(broker.browse("q"), ElementsAre("1", "2", "4"));
}

TEST(PolicyApply, ATtlCountsForMessagesThatAreThere) {
  TestBroker broker;
  TestClient client{broker};
  client.declare("q").send("q", "old").get("q");
  client.send("q", "ready");
  broker.advance(50);
  set(broker, policy("p", "^q$", {{"message-ttl", 100}}));
  EXPECT_EQ(broker.ready("q"), 1U);
  broker.advance(49);
  EXPECT_EQ(broker.ready("q"), 1U);
  broker.advance(1);
  EXPECT_EQ(broker.ready("q"), 0U);
  client.nack(1);  // it was away meanwhile
  EXPECT_EQ(broker.ready("q"), 0U);
  EXPECT_EQ(broker.dropped("q", DeathReason::expired), 2U);
}

TEST(PolicyApply, ATtlCountsForEveryPriority) {
  TestBroker broker;
  TestClient client{broker};
  client.declare("q", {.arguments = {{"x-max-priority", 5}}});
  for (const int priority : {0, 5, 3}) {
    amqp::Properties properties;
    properties.priority = static_cast<std::uint8_t>(priority);
    client.send("q", "x", properties);
  }
  set(broker, policy("p", "^q$", {{"message-ttl", 100}}));
  broker.advance(99);
  EXPECT_EQ(broker.ready("q"), 3U);
  broker.advance(1);
  EXPECT_EQ(broker.ready("q"), 0U);
}

TEST(PolicyApply, ATtlThatIsGoneNoLongerCounts) {
  TestBroker broker;
  TestClient client{broker};
  set(broker, policy("p", "^q$", {{"message-ttl", 100}}));
  client.declare("q").send("q", "x").send("q", "own", with_expiration("300"));
  EXPECT_TRUE(drop(broker, "p"));
  broker.advance(200);
  EXPECT_THAT(broker.browse("q"), ElementsAre("x", "own"));
}

TEST(PolicyApply, AnExpiryCountsFromWhenItWasSet) {
  TestBroker broker;
  TestClient client{broker};
  client.declare("q");
  broker.advance(1000);
  set(broker, policy("p", "^q$", {{"expires", 100}}));
  broker.advance(99);
  EXPECT_TRUE(broker.has_queue("q"));
  broker.advance(1);
  EXPECT_FALSE(broker.has_queue("q"));
}

TEST(PolicyApply, ADeadLetterExchangeCountsForLaterDeaths) {
  TestBroker broker;
  TestClient client{broker};
  client.declare("q").declare("dead").send("q", "1").send("q", "2").get("q").get("q").reject(1);
  set(broker,
      policy("p", "^q$", {{"dead-letter-exchange", ""}, {"dead-letter-routing-key", "dead"}}));
  client.reject(2);
  EXPECT_THAT(broker.browse("dead"), ElementsAre("2"));
  EXPECT_THAT(broker.queue("q").dead_letter_targets, ElementsAre("dead"));
}

TEST(PolicyApply, ADeliveryLimitCountsAtTheNextReturn) {
  TestBroker broker;
  TestClient client{broker};
  client.declare("q").send("q", "x").get("q").nack(1).get("q");
  set(broker, policy("p", "^q$", {{"delivery-limit", 1}}));
  client.nack(2);
  EXPECT_EQ(broker.ready("q"), 0U);
  EXPECT_EQ(broker.dropped("q", DeathReason::delivery_limit), 1U);
}

TEST(PolicyApply, AnAlternateExchangeTakesWhatHasNoRoute) {
  TestBroker broker;
  TestClient client{broker};
  client.exchange("e", "direct").exchange("rest", "fanout").declare("q").bind("q", "rest");
  client.exchange("own", "direct", {.arguments = {{"alternate-exchange", "absent"}}});
  set(broker, policy("p", "^(e|own)$", {{"alternate-exchange", "rest"}}, "exchanges"));
  client.publish("e", "k", "1").publish("own", "k", "2");
  EXPECT_THAT(broker.browse("q"), ElementsAre("1"));
  drop(broker, "p");
  client.publish("e", "k", "3");
  EXPECT_THAT(broker.browse("q"), ElementsAre("1"));
}

TEST(PolicyApply, TheEffectivePolicyIsVisible) {
  TestBroker broker;
  TestClient client{broker};
  client.declare("q", {.arguments = {{"x-max-length", 1}}});
  set(broker, policy("p", "^q", {{"max-length", 5_i}, {"overflow", "drop-head"}}));
  set(broker, operator_policy("o", "^q", {{"max-length", 3_i}}));
  const EffectivePolicy effective = broker.queue("q").policy;
  EXPECT_EQ(effective.policy, "p");
  EXPECT_EQ(effective.operator_policy, "o");
  EXPECT_EQ(effective.definition, (Table{{"max-length", 3_i}, {"overflow", "drop-head"}}));
  EXPECT_TRUE(drop(broker, "o", PolicyKind::operator_policy));
  EXPECT_EQ(broker.queue("q").policy.definition,
            (Table{{"max-length", 5_i}, {"overflow", "drop-head"}}));
}

TEST(PolicyApply, ARedeclarationComparesArgumentsOnly) {
  TestBroker broker;
  TestClient client{broker};
  client.declare("q");
  set(broker, policy("p", "^q", {{"max-length", 5}}));
  client.ignore();
  client.declare("q");
  EXPECT_THAT(client.received(), ElementsAre("queue.declare-ok 'q' 0 0"));
}

// Kept.

TEST(PolicyStore, SaysWhetherItIsNewOrWasThere) {
  TestBroker broker;
  EXPECT_TRUE(set(broker, policy("p", "x", {{"max-length", 5}})));
  EXPECT_THAT(broker.journal.last_turn(), ElementsAre("put policy p"));
  EXPECT_FALSE(set(broker, policy("p", "y", {{"max-length", 5}})));
  EXPECT_TRUE(set(broker, operator_policy("p", "y", {{"max-length", 5}})));
  EXPECT_EQ(broker.vhost().policies().records(PolicyKind::policy).size(), 1U);
  EXPECT_TRUE(drop(broker, "p"));
  EXPECT_THAT(broker.journal.last_turn(), ElementsAre("drop policy p"));
  EXPECT_FALSE(drop(broker, "p"));
  EXPECT_EQ(broker.vhost().policies().records(PolicyKind::operator_policy).size(), 1U);
}

TEST(PolicyStore, HasALimitOfEachKind) {
  TestBroker broker{{.policies_max = 1}};
  set(broker, policy("p", "x", {{"max-length", 5}}));
  EXPECT_THROW(set(broker, policy("q", "x", {{"max-length", 5}})), amqp::Error);
  EXPECT_FALSE(set(broker, policy("p", "x", {{"max-length", 6}})));
  PolicyRecord of_operator = policy("q", "x", {{"max-length", 5}});
  of_operator.kind = PolicyKind::operator_policy;
  EXPECT_TRUE(set(broker, of_operator));
}

TEST(PolicyStore, SurvivesACrashWithWhatItDoes) {
  TestBroker broker;
  TestClient{broker}
      .declare("q", {.durable = true})
      .send("q", "1", persistent())
      .send("q", "2", persistent());
  set(broker, policy("p", "^(q|amq.direct)$", {{"message-ttl", 100}}));
  set(broker, policy("gone", "", {{"max-length", 1}}, "all", -1));
  drop(broker, "gone");
  broker.restart();
  EXPECT_EQ(policy_of(broker, "q"), "p");
  EXPECT_EQ(view_exchange(broker.vhost(), "amq.direct")->policy.policy, "p");
  EXPECT_EQ(broker.ready("q"), 2U);
  broker.advance(100);
  EXPECT_EQ(broker.ready("q"), 0U);
}

TEST(PolicyStore, WhoeverAsksIsToldWhenItIsOnDisk) {
  TestBroker broker;
  broker.commits_at_once = false;
  bool is_kept = false;
  broker.turn([&](Vhost& vhost) {
    vhost.set_policy(Policy{policy("p", "x", {{"max-length", 5}})});
    vhost.when_recorded([&] { is_kept = true; });
  });
  EXPECT_FALSE(is_kept);
  broker.commit();
  EXPECT_TRUE(is_kept);
  is_kept = false;
  broker.turn([&](Vhost& vhost) { vhost.when_recorded([&] { is_kept = true; }); });
  EXPECT_TRUE(is_kept);
}

}  // namespace
}  // namespace leveret::broker::test
