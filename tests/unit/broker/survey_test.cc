#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "broker/binding_survey.h"
#include "broker/client_survey.h"
#include "broker/exchange_survey.h"
#include "broker/topology.h"
#include "broker/vhost.h"
#include "unit/broker/support/test_client.h"

namespace leveret::broker::test {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

template <class Survey>
std::vector<typename Survey::View> finish(Survey& survey, const Vhost& vhost,
                                          std::size_t count = 1) {
  while (survey.look(vhost, count)) {
  }
  return survey.take();
}

Topology finish_topology(TopologySurvey& survey, TestBroker& broker) {
  while (survey.look(broker.vhost(), 1)) continue;
  return survey.take();
}

std::vector<std::string> lines(const std::vector<BindingView>& bindings) {
  std::vector<std::string> all;
  for (const BindingView& each : bindings)
    all.push_back(each.source + ">" + each.destination + ":" + each.routing_key);
  return all;
}

std::vector<std::string> bindings(TestBroker& broker, BindingFilter filter = {},
                                  SurveySearch search = {}) {
  BindingSurvey survey{broker.vhost(), std::move(filter), std::move(search)};
  return lines(finish(survey, broker.vhost()));
}

struct Bindings {
  Bindings() {
    client.declare("a").declare("b").exchange("x", "topic").exchange("y", "fanout");
    client.bind("a", "x", "1").bind("a", "x", "2").bind("b", "x", "1").bind("b", "y", "");
    client.bind_exchange("y", "x", "3");
  }
  TestBroker broker;
  TestClient client{broker};
};

TEST(BindingSurvey, HasEveryBindingInOrderTheImplicitOnesIncluded) {
  Bindings all;
  EXPECT_THAT(bindings(all.broker),
              ElementsAre(">a:a", ">b:b", "x>a:1", "x>a:2", "x>b:1", "x>y:3", "y>b:"));
}

TEST(BindingSurvey, CopiesOnlyTheFirstOrTheLastOfMany) {
  Bindings all;
  EXPECT_THAT(bindings(all.broker, {}, {.limit = 3}), ElementsAre(">a:a", ">b:b", "x>a:1"));
  EXPECT_THAT(bindings(all.broker, {}, {.limit = 2, .from_end = true}),
              ElementsAre("x>y:3", "y>b:"));
  BindingSurvey survey{all.broker.vhost(), {}, {.limit = 1}};
  finish(survey, all.broker.vhost());
  EXPECT_EQ(survey.total(), 7U);
}

TEST(BindingSurvey, IsNarrowedBySourceAndDestination) {
  Bindings all;
  EXPECT_THAT(bindings(all.broker, {.source = "x"}),
              ElementsAre("x>a:1", "x>a:2", "x>b:1", "x>y:3"));
  EXPECT_THAT(bindings(all.broker, {.source = ""}), ElementsAre(">a:a", ">b:b"));
  EXPECT_THAT(bindings(all.broker, {.destination = "b", .to_exchange = false}),
              ElementsAre(">b:b", "x>b:1", "y>b:"));
  EXPECT_THAT(bindings(all.broker, {.destination = "y", .to_exchange = true}),
              ElementsAre("x>y:3"));
  EXPECT_THAT(bindings(all.broker, {.source = "x", .destination = "a", .to_exchange = false}),
              ElementsAre("x>a:1", "x>a:2"));
  EXPECT_THAT(bindings(all.broker, {.source = "absent"}), IsEmpty());
  EXPECT_THAT(bindings(all.broker, {.destination = "absent"}), IsEmpty());
}

TEST(BindingSurvey, FindsTheBindingsOfALargeSourceAtTheirDestinations) {
  TestBroker broker;
  TestClient client{broker};
  client.declare("a").declare("b");
  client.together([&] {
    for (int i = 0; i < 700; ++i)
      client.bind(i % 2 ? "a" : "b", "amq.topic", std::to_string(1000 + i));
  });
  client.bind("a", "amq.direct", "k");
  EXPECT_EQ(bindings(broker, {.source = "amq.topic"}).size(), 700U);
  EXPECT_EQ(
      bindings(broker, {.source = "amq.topic", .destination = "a", .to_exchange = false}).size(),
      350U);
}

TEST(BindingSurvey, ShowsWhatIsThereAllAlongOnceWhileOthersAreUnbound) {
  Bindings all;
  for (int i = 10; i < 30; ++i) all.client.bind("a", "x", std::to_string(i));
  const Vhost& vhost = all.broker.vhost();
  BindingSurvey survey{
      vhost, {.source = {}, .destination = "a", .to_exchange = false}, {.limit = 100}};
  EXPECT_TRUE(survey.look(vhost, 10));
  for (int i = 10; i < 20; ++i) all.client.unbind("a", "x", std::to_string(i));
  std::vector<std::string> expected{">a:a", "x>a:1", "x>a:2"};
  for (int i = 20; i < 30; ++i) expected.push_back("x>a:" + std::to_string(i));
  std::vector<std::string> found = lines(finish(survey, vhost));
  std::erase_if(
      found, [](const std::string& line) { return line.starts_with("x>a:1") && line.size() > 5; });
  EXPECT_EQ(found, expected);
}

TEST(BindingSurvey, GoesOnWhenTheDestinationItIsAtIsDeleted) {
  Bindings all;
  const Vhost& vhost = all.broker.vhost();
  BindingSurvey survey{vhost, {}, {}};
  EXPECT_TRUE(survey.look(vhost, 2));
  all.client.delete_queue("a");
  const auto found = lines(finish(survey, vhost));
  EXPECT_THAT(found, ::testing::IsSupersetOf({">b:b", "x>b:1", "x>y:3", "y>b:"}));
}

TEST(BindingSurvey, TellsArgumentsApart) {
  TestBroker broker;
  TestClient client{broker};
  client.declare("q").bind("q", "amq.topic", "a.#");
  client.bind("q", "amq.headers", "k", {{"n", 1}}).bind("q", "amq.headers", "l", {{"n", 1}});
  client.bind("q", "amq.headers", "m", {{"n", 2}});
  BindingSurvey survey{broker.vhost(), {}, {}};
  std::map<std::string, std::string> keys;
  for (const BindingView& view : finish(survey, broker.vhost()))
    keys[view.routing_key] = view.arguments_key;
  EXPECT_EQ(keys.at("q"), "");
  EXPECT_EQ(keys.at("a.#"), "");
  EXPECT_EQ(keys.at("k").size(), 16U);
  EXPECT_EQ(keys.at("k"), keys.at("l"));
  EXPECT_NE(keys.at("k"), keys.at("m"));
}

TEST(ExchangeSurvey, FindsByNameAndKeepsAPage) {
  TestBroker broker;
  TestClient client{broker};
  client.exchange("my.a", "topic").exchange("my.b", "topic").exchange("my.c", "topic");
  ExchangeSurvey survey{
      broker.vhost(),
      {.matches = [](std::string_view name) { return name.starts_with("my."); }, .limit = 2}};
  const auto found = finish(survey, broker.vhost());
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].name, "my.a");
  EXPECT_EQ(found[1].name, "my.b");
  EXPECT_EQ(survey.matched(), 3U);
  EXPECT_EQ(survey.total(), 9U);
}

TEST(ClientSurvey, ShowsConnectionsChannelsAndConsumersWithTheirPeers) {
  TestBroker broker;
  TestClient client{broker};
  client.declare("z").declare("a").qos(5).consume("a").send("a", "1").open(2).confirm_select();
  ConnectionSurvey connections{broker.vhost(), {}};
  const auto found = finish(connections, broker.vhost());
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].channels, 2U);
  ChannelSurvey channels{broker.vhost(), {}};
  const auto all = finish(channels, broker.vhost());
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].number, 1U);
  EXPECT_EQ(all[0].unacked, 1U);
  ConsumerSurvey consumers{broker.vhost(), {}};
  const auto consumer = finish(consumers, broker.vhost());
  ASSERT_EQ(consumer.size(), 1U);
  EXPECT_EQ(consumer[0].tag, "c");
  EXPECT_EQ(consumer[0].prefetch, 5U);
  EXPECT_EQ(consumer[0].unacked, 1U);
  EXPECT_EQ(consumer[0].user, found[0].user);
}

TEST(ClientSurvey, LeavesOutWhomTheUserMayNotSee) {
  TestBroker broker;
  TestClient client{broker};
  client.declare("a").consume("a");
  const SurveySearch nobody{.is_visible = [](std::string_view) { return false; }};
  ConnectionSurvey connections{broker.vhost(), nobody};
  ChannelSurvey channels{broker.vhost(), nobody};
  ConsumerSurvey consumers{broker.vhost(), nobody};
  EXPECT_THAT(finish(connections, broker.vhost()), IsEmpty());
  EXPECT_THAT(finish(channels, broker.vhost()), IsEmpty());
  EXPECT_THAT(finish(consumers, broker.vhost()), IsEmpty());
  EXPECT_EQ(consumers.total(), 0U);
}

std::vector<std::string> tags(const std::vector<ConsumerView>& consumers) {
  std::vector<std::string> all;
  for (const ConsumerView& each : consumers) all.push_back(each.tag);
  return all;
}

TEST(ClientSurvey, ShowsTheConsumersOfOneQueue) {
  TestBroker broker;
  TestClient client{broker};
  client.declare("a").declare("b").consume("a", {.tag = "z"}).consume("b", {.tag = "y"});
  client.consume("a", {.tag = "x"});
  ConsumerSurvey survey{broker.vhost(), {}, "a"};
  EXPECT_THAT(tags(finish(survey, broker.vhost())), ElementsAre("x", "z"));
  ConsumerSurvey none{broker.vhost(), {}, "c"};
  EXPECT_THAT(finish(none, broker.vhost()), IsEmpty());
}

TEST(ClientSurvey, MeetsEachOfVeryManyConsumersOnceWhileTheyTakeTurns) {
  TestBroker broker;
  TestClient client{broker};
  client.declare("a").declare("b");
  for (int i = 1000; i < 1300; ++i) client.consume("a", {.tag = std::to_string(i)});
  client.consume("b", {.tag = "other"});
  ConsumerSurvey survey{broker.vhost(), {}, "a"};
  int turns = 0;
  while (survey.look(broker.vhost(), 10)) {
    client.send("a", "to the next one");
    ++turns;
  }
  EXPECT_GE(turns, 30);
  const std::vector<std::string> found = tags(survey.take());
  ASSERT_EQ(found.size(), 300U);
  EXPECT_EQ(found.front(), "1000");
  EXPECT_EQ(found.back(), "1299");
}

std::vector<std::string> lines(const Topology& topology) {
  std::vector<std::string> all;
  for (const auto& each : topology.exchanges) all.push_back("exchange " + each.name);
  for (const auto& each : topology.queues) all.push_back("queue " + each.name);
  for (const auto& each : topology.exclusive_queues) all.push_back("exclusive " + each);
  for (const auto& each : topology.bindings)
    all.push_back(each.source + ">" + each.destination + ":" + each.routing_key);
  return all;
}

TEST(TopologySurvey, HasWhatWasDeclaredInOrder) {
  Bindings all;
  all.client.declare("mine", {.exclusive = true}).bind("mine", "x", "1");
  TopologySurvey survey{all.broker.vhost()};
  EXPECT_THAT(lines(finish_topology(survey, all.broker)),
              ElementsAre("exchange x", "exchange y", "queue a", "queue b", "exclusive mine",
                          "x>a:1", "x>a:2", "x>b:1", "x>y:3", "y>b:"));
}

TEST(TopologySurvey, LooksAtABindingATurnAndMeetsNoneTwiceInTheEnd) {
  TestBroker broker;
  TestClient client{broker};
  client.declare("a").exchange("x", "direct");
  for (int i = 0; i < 10; ++i) client.bind("a", "x", std::to_string(i));
  TopologySurvey survey{broker.vhost()};
  // The exchanges, the queue, and some of what is bound to it.
  const std::size_t exchanges = broker.vhost().all_exchanges().size();
  ASSERT_TRUE(survey.look(broker.vhost(), exchanges + 1 + 5));
  // The last one, which has been met, takes this one's place.
  client.unbind("a", "x", "0");
  const Topology topology = finish_topology(survey, broker);
  ASSERT_EQ(topology.bindings.size(), 9U);
  EXPECT_EQ(topology.bindings.front().routing_key, "1");
  EXPECT_EQ(topology.bindings.back().routing_key, "9");
}

}  // namespace
}  // namespace leveret::broker::test
