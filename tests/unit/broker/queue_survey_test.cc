#include "broker/queue_survey.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "broker/vhost.h"
#include "unit/broker/support/test_client.h"

namespace leveret::broker::test {
namespace {

using ::testing::ElementsAre;
using ::testing::UnorderedElementsAre;

std::vector<std::string> names(const std::vector<QueueKey>& keys) {
  std::vector<std::string> all;
  for (const QueueKey& key : keys) all.push_back(key.name);
  return all;
}

std::vector<std::string> names(const std::vector<QueueView>& views) {
  std::vector<std::string> all;
  for (const QueueView& view : views) all.push_back(view.name);
  return all;
}

TEST(QueueSurvey, GoesOnWhileQueuesComeAndGo) {
  TestBroker broker;
  TestClient client{broker};
  client.declare("c").declare("a").declare("b");
  QueueSurvey survey{broker.vhost()};
  EXPECT_TRUE(survey.look(broker.vhost(), 1));
  client.declare("late").delete_queue("a").delete_queue("b").delete_queue("c");
  EXPECT_FALSE(survey.look(broker.vhost(), 10));
  EXPECT_EQ(survey.total(), 1U);
  EXPECT_EQ(survey.take_keys().size(), 1U);
}

TEST(QueueSurvey, FindsByNameWithTheNumberAskedFor) {
  TestBroker broker;
  TestClient client{broker};
  client.declare("a1").declare("a2").declare("b").send("a2", "1").send("a2", "2");
  QueueSurvey survey{broker.vhost(),
                     {.matches = [](std::string_view name) { return name.starts_with('a'); },
                      .number = QueueNumber::messages}};
  survey.look(broker.vhost(), 10);
  const auto keys = survey.take_keys();
  EXPECT_THAT(names(keys), UnorderedElementsAre("a1", "a2"));
  for (const QueueKey& key : keys) EXPECT_EQ(key.number, key.name == "a2" ? 2U : 0U);
}

TEST(QueueSurvey, FindsThoseThatOthersDeadLetterTo) {
  TestBroker broker;
  TestClient client{broker};
  client.declare(
      "a", {.arguments = {{"x-dead-letter-exchange", ""}, {"x-dead-letter-routing-key", "dead"}}});
  client.declare("b", {.arguments = {{"x-dead-letter-exchange", "amq.fanout"}}});
  client.declare("c").declare("dead").declare("late").bind("late", "amq.fanout", "");
  QueueSurvey survey{broker.vhost(), {.only_dead_letter_queues = true}};
  while (survey.look(broker.vhost(), 1)) {
  }
  EXPECT_THAT(names(survey.take_keys()), UnorderedElementsAre("dead", "late"));
  EXPECT_THAT(survey.view(broker.vhost(), "late")->dead_letter_sources, ElementsAre("b"));
  EXPECT_THAT(survey.view(broker.vhost(), "b")->dead_letter_targets, ElementsAre("late"));
}

TEST(QueueSurvey, ViewsTheChosenInTheirOrderAFewAtATime) {
  TestBroker broker;
  TestClient client{broker};
  client.declare("a").declare("b").declare("c");
  QueueSurvey survey{broker.vhost()};
  survey.look(broker.vhost(), 10);
  std::map<std::string, QueueId> ids;
  for (const QueueKey& key : survey.take_keys()) ids.emplace(key.name, key.id);
  survey.choose({ids.at("c"), ids.at("a"), ids.at("b")});
  EXPECT_THAT(names(survey.view(broker.vhost(), 2)), ElementsAre("c", "a"));
  EXPECT_TRUE(survey.has_more());
  client.delete_queue("b");
  EXPECT_THAT(names(survey.view(broker.vhost(), 2)), ElementsAre());
  EXPECT_FALSE(survey.has_more());
}

}  // namespace
}  // namespace leveret::broker::test
