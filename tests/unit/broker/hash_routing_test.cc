#include "broker/hash_routing.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "unit/broker/support/test_client.h"

namespace leveret::broker::test {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::Gt;
using ::testing::IsEmpty;
using ::testing::Lt;

/// An exchange whose bindings are judged by where keys go, without publishing.
class Hashing {
 public:
  explicit Hashing(const std::string& type, amqp::Table arguments = {}) {
    client.exchange("e", type, {.arguments = std::move(arguments)});
  }
  void bind(const std::string& queue, const std::string& key) {
    client.declare(queue).bind(queue, "e", key);
  }
  /// Which queue each of `count` keys goes to.
  std::map<int, std::string> targets(int count) {
    std::map<int, std::string> found;
    for (int i = 0; i < count; ++i) {
      const auto names = broker.vhost().route_test("e", "key" + std::to_string(i), {});
      EXPECT_EQ(names.size(), 1U);
      found[i] = names.at(0);
    }
    return found;
  }

  TestBroker broker;
  TestClient client{broker};
};

int count_of(const std::map<int, std::string>& targets, const std::string& queue) {
  int count = 0;
  for (const auto& [key, target] : targets) count += target == queue ? 1 : 0;
  return count;
}

TEST(ConsistentHash, QueuesGetMessagesInProportionToTheirWeights) {
  Hashing hashing{"x-consistent-hash"};
  hashing.bind("a", "1");
  hashing.bind("b", "2");
  hashing.bind("c", "5");
  const auto targets = hashing.targets(8000);
  EXPECT_NEAR(count_of(targets, "a"), 1000, 150);
  EXPECT_NEAR(count_of(targets, "b"), 2000, 200);
  EXPECT_NEAR(count_of(targets, "c"), 5000, 200);
}

TEST(ConsistentHash, AddingAQueueMovesOnlyWhatItGets) {
  Hashing hashing{"x-consistent-hash"};
  for (const char* name : {"a", "b", "c"}) hashing.bind(name, "10");
  const auto before = hashing.targets(4000);
  hashing.bind("d", "10");
  const auto after = hashing.targets(4000);
  for (const auto& [key, target] : after) {
    if (target == "d") continue;
    EXPECT_EQ(target, before.at(key));
  }
  EXPECT_NEAR(count_of(after, "d"), 1000, 150);
}

TEST(ConsistentHash, RemovingAQueueMovesOnlyWhatItHad) {
  Hashing hashing{"x-consistent-hash"};
  for (const char* name : {"a", "b", "c", "d"}) hashing.bind(name, "10");
  const auto before = hashing.targets(1000);
  hashing.client.delete_queue("b");
  for (const auto& [key, target] : hashing.targets(1000)) {
    if (before.at(key) == "b") continue;
    EXPECT_EQ(target, before.at(key));
  }
}

TEST(ConsistentHash, TheOrderOfBindingDoesNotMatter) {
  Hashing one{"x-consistent-hash"};
  Hashing other{"x-consistent-hash"};
  for (const char* name : {"a", "b", "c"}) one.bind(name, "1");
  for (const char* name : {"c", "a", "b"}) other.bind(name, "1");
  EXPECT_EQ(one.targets(200), other.targets(200));
}

TEST(ConsistentHash, KeysGoWhereTheyWentBeforeARestart) {
  Hashing hashing{"direct"};
  hashing.client.exchange("h", "x-consistent-hash", {.durable = true});
  for (const char* name : {"a", "b", "c", "d"})
    hashing.client.declare(name, {.durable = true}).bind(name, "h", "3");
  hashing.client.unbind("b", "h", "3").bind("b", "h", "3");
  const auto route = [&] {
    std::vector<std::string> names;
    for (int i = 0; i < 50; ++i)
      names.push_back(hashing.broker.vhost().route_test("h", std::to_string(i), {}).at(0));
    return names;
  };
  const auto before = route();
  hashing.broker.restart();
  EXPECT_EQ(route(), before);
}

TEST(ConsistentHash, AHeaderIsHashedInsteadOfTheKey) {
  Hashing hashing{"x-consistent-hash", {{"hash-header", "user"}}};
  for (const char* name : {"a", "b", "c", "d"}) hashing.bind(name, "1");
  std::set<std::vector<std::string>> by_key;
  std::set<std::vector<std::string>> by_header;
  for (int i = 0; i < 64; ++i) {
    const std::string text = std::to_string(i);
    by_key.insert(hashing.broker.vhost().route_test("e", text, {{"user", "same"}}));
    by_header.insert(hashing.broker.vhost().route_test("e", "same", {{"user", text}}));
  }
  EXPECT_EQ(by_key.size(), 1U);
  EXPECT_EQ(by_header.size(), 4U);
}

TEST(ConsistentHash, APropertyIsHashedInsteadOfTheKey) {
  for (const std::string property : {"message_id", "correlation_id", "timestamp"}) {
    TestBroker broker;
    TestClient client{broker};
    client.exchange("e", "x-consistent-hash", {.arguments = {{"hash-property", property}}});
    for (const char* name : {"a", "b"}) client.declare(name).bind(name, "e", "1");
    const auto publish = [&](int number, const std::string& key) {
      amqp::Properties properties;
      properties.message_id = properties.correlation_id = std::to_string(number);
      properties.timestamp = amqp::Timestamp{static_cast<std::uint64_t>(number)};
      client.publish("e", key, "m", properties);
    };
    for (int i = 0; i < 64; ++i) publish(7, std::to_string(i));
    EXPECT_EQ(std::max(broker.ready("a"), broker.ready("b")), 64U) << property;
    for (int i = 0; i < 64; ++i) publish(i, "same");
    EXPECT_GT(std::min(broker.ready("a"), broker.ready("b")), 10U) << property;
    EXPECT_EQ(broker.ready("a") + broker.ready("b"), 128U) << property;
  }
}

TEST(ConsistentHash, MessagesWithoutTheHeaderGoOneWay) {
  Hashing hashing{"x-consistent-hash", {{"hash-header", "user"}}};
  for (const char* name : {"a", "b", "c", "d"}) hashing.bind(name, "1");
  EXPECT_EQ(count_of(hashing.targets(50), hashing.targets(1).at(0)), 50);
}

TEST(ConsistentHash, HeaderAndPropertyTogetherAreRefused) {
  TestBroker broker;
  TestClient client{broker};
  client.exchange("e", "x-consistent-hash",
                  {.arguments = {{"hash-header", "h"}, {"hash-property", "message_id"}}});
  EXPECT_THAT(client.received(),
              ElementsAre("channel.close 406 PRECONDITION_FAILED - hash-header and hash-property "
                          "are mutually exclusive"));
  EXPECT_FALSE(broker.has_exchange("e"));
}

TEST(ConsistentHash, APropertyThatCannotBeHashedIsRefused) {
  TestBroker broker;
  TestClient client{broker};
  client.exchange("e", "x-consistent-hash", {.arguments = {{"hash-property", "priority"}}});
  EXPECT_THAT(client.received(), ElementsAre("channel.close 406 PRECONDITION_FAILED - Unsupported "
                                             "property: priority"));
}

TEST(ConsistentHash, ABindingKeyThatIsNoWeightIsRefused) {
  const std::map<std::string, std::string> refusals{
      {"abc", "The binding key must be an integer: <<\"abc\">>"},
      {"", "The binding key must be an integer: <<>>"},
      {"1.5", "The binding key must be an integer: <<\"1.5\">>"},
      {"0", "The binding key must be greater than 0"},
      {"-3", "The binding key must be greater than 0"}};
  for (const auto& [key, text] : refusals) {
    TestBroker broker;
    TestClient client{broker};
    client.exchange("e", "x-consistent-hash").declare("q").bind("q", "e", "1");
    client.ignore();
    client.bind("q", "e", key);
    EXPECT_THAT(client.received(), ElementsAre("channel.close 406 PRECONDITION_FAILED - " + text));
    EXPECT_EQ(broker.vhost().route_test("e", "k", {}).size(), 1U);
  }
}

TEST(ConsistentHash, AHugeWeightCostsNothing) {
  Hashing hashing{"x-consistent-hash"};
  hashing.bind("a", std::string(200, '9'));
  hashing.bind("b", "1");
  EXPECT_EQ(count_of(hashing.targets(100), "a"), 100);
}

TEST(ConsistentHash, AMessageWithCopiesStillGoesToOneQueue) {
  TestBroker broker;
  TestClient client{broker};
  client.exchange("e", "x-consistent-hash");
  for (const char* name : {"a", "b", "c", "d"}) client.declare(name).bind(name, "e", "1");
  const amqp::Array keys{"1", "2", "3", "4", "5", "6", "7", "8", "9"};
  client.publish("e", "0", "m", with_headers({{"CC", keys}}));
  EXPECT_EQ(broker.ready("a") + broker.ready("b") + broker.ready("c") + broker.ready("d"), 1U);
}

TEST(ConsistentHash, LeadsToExchangesToo) {
  TestBroker broker;
  TestClient client{broker};
  client.exchange("e", "x-consistent-hash").exchange("f", "x-modulus-hash");
  client.declare("a").declare("b").declare("c").bind("a", "e", "1");
  client.bind_exchange("f", "e", "2").bind("b", "f", "x").bind("c", "f", "y");
  for (int i = 0; i < 300; ++i) client.publish("e", std::to_string(i), "m");
  for (const char* name : {"a", "b", "c"})
    EXPECT_THAT(broker.ready(name), AllOf(Gt(60U), Lt(140U))) << name;
}

TEST(ConsistentHash, WithoutABindingTheAlternateExchangeTakesIt) {
  TestBroker broker;
  TestClient client{broker};
  client.exchange("rest", "fanout").declare("q").bind("q", "rest");
  client.exchange("e", "x-consistent-hash", {.arguments = {{"alternate-exchange", "rest"}}});
  client.publish("e", "k", "m");
  EXPECT_THAT(broker.browse("q"), ElementsAre("m"));
}

TEST(ModulusHash, SpreadsKeysEvenlyWhateverTheBindingKeys) {
  Hashing hashing{"x-modulus-hash"};
  hashing.bind("a", "");
  hashing.bind("b", "any");
  hashing.bind("c", "1000");
  const auto targets = hashing.targets(3000);
  for (const char* name : {"a", "b", "c"}) EXPECT_NEAR(count_of(targets, name), 1000, 150);
  EXPECT_EQ(hashing.targets(3000), targets);
}

TEST(RandomExchange, EachMessageGoesToOneQueueAndAllQueuesGetSome) {
  Hashing hashing{"x-random"};
  for (const char* name : {"a", "b", "c"}) hashing.bind(name, "");
  for (int i = 0; i < 300; ++i) hashing.client.publish("e", "same", "m");
  for (const char* name : {"a", "b", "c"})
    EXPECT_THAT(hashing.broker.ready(name), AllOf(Gt(60U), Lt(140U))) << name;
}

TEST(RandomExchange, ExchangesBehindOneAnotherDrawIndependently) {
  TestBroker broker;
  TestClient client{broker};
  for (const char* name : {"top", "left", "right"}) client.exchange(name, "x-random");
  client.bind_exchange("left", "top").bind_exchange("right", "top");
  for (const char* name : {"a", "b"}) client.declare(name).bind(name, "left");
  for (const char* name : {"c", "d"}) client.declare(name).bind(name, "right");
  for (int i = 0; i < 400; ++i) client.publish("top", "", "m");
  for (const char* name : {"a", "b", "c", "d"})
    EXPECT_THAT(broker.ready(name), AllOf(Gt(60U), Lt(140U))) << name;
}

TEST(RandomExchange, HasNothingToChooseWithoutABinding) {
  TestBroker broker;
  TestClient client{broker};
  client.exchange("e", "x-random").declare("q").bind("q", "e").unbind("q", "e");
  client.publish("e", "", "m");
  EXPECT_THAT(broker.browse("q"), IsEmpty());
}

}  // namespace
}  // namespace leveret::broker::test
