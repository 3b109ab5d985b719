#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "http/definitions/definitions.h"
#include "http/definitions/plan.h"
#include "http/definitions/snapshot.h"

namespace leveret::http {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::vector<std::string> lines(const ImportErrors& errors) {
  std::vector<std::string> all;
  for (const auto& each : errors.all()) all.push_back(each.place + ": " + each.reason);
  return all;
}

Definitions read(const std::string& json, const std::string& vhost = "") {
  ImportErrors errors;
  Definitions definitions = read_definitions(json, vhost, errors);
  EXPECT_THAT(lines(errors), IsEmpty());
  return definitions;
}

std::vector<std::string> complaints(const std::string& json) {
  ImportErrors errors;
  read_definitions(json, "", errors);
  return lines(errors);
}

TEST(ReadDefinitions, KeepsEachObjectWithItsPlace) {
  const Definitions read_ones = read(
      R"({"vhosts": [{"name": "a"}, {"name": "b"}],
          "queues": [{"name": "q", "vhost": "a", "durable": true, "auto_delete": false,
                      "arguments": {"x-max-length": 5}}]})");
  ASSERT_EQ(read_ones.vhosts.size(), 2U);
  EXPECT_EQ(read_ones.vhosts[1].value.name, "b");
  EXPECT_EQ(read_ones.vhosts[1].place, 1U);
  const auto& queue = read_ones.contents.at("a").queues.at(0).value;
  EXPECT_EQ(queue.name, "q");
  EXPECT_TRUE(queue.durable);
  EXPECT_NE(queue.arguments.find("x-max-length"), nullptr);
}

TEST(ReadDefinitions, OfOneVirtualHostBelongThereAndLeaveUsersOut) {
  const Definitions read_ones =
      read(R"({"users": [{"name": "u"}], "exchanges": [{"name": "x", "type": "topic"}]})", "mine");
  EXPECT_TRUE(read_ones.users.empty());
  EXPECT_EQ(read_ones.contents.at("mine").exchanges.size(), 1U);
  EXPECT_THAT(read_ones.notes, ElementsAre(HasSubstr("users: left out")));
}

TEST(ReadDefinitions, AnEmptyBodyIsNothing) {
  EXPECT_TRUE(read("").contents.empty());
  EXPECT_TRUE(read("{}").contents.empty());
}

TEST(ReadDefinitions, WhatIsWrongIsToldWithItsPlace) {
  EXPECT_THAT(complaints("[]"), ElementsAre(HasSubstr("body: is a list, an object is expected")));
  EXPECT_THAT(complaints(R"({"queues": {}})"), ElementsAre(HasSubstr("a list is expected")));
  EXPECT_THAT(complaints(R"({"queues": [3]})"), ElementsAre(HasSubstr("queues[0]: is of type")));
  EXPECT_THAT(complaints("{\"queues\": [\n{\"name\" 1}]}"), ElementsAre(HasSubstr("line 2")));
  EXPECT_THAT(complaints(R"({"queues": [], "queues": []})"),
              ElementsAre("queues: stands there twice"));
  EXPECT_THAT(complaints(R"({"queues": [{"name": "a", "name": "b"}]})"),
              ElementsAre("queues[0].name: stands there twice"));
  EXPECT_THAT(complaints(R"({"queues": [{"vhost": "/", "arguments": )" + std::string(60, '[')),
              ElementsAre(HasSubstr("queues[0]: is nested deeper than 48")));
}

TEST(ReadDefinitions, ListsAllThatIsWrongUpToAHundred) {
  std::string many = R"({"queues": [3)";
  for (int i = 0; i < 500; ++i) many += ",3";
  EXPECT_EQ(complaints(many + "]}").size(), ImportErrors::count_max);
}

struct Planned {
  explicit Planned(const std::string& json, const Snapshot& current = {})
      : definitions(read(json)), plan(make_plan(definitions, current, errors)) {}
  Definitions definitions;
  ImportErrors errors;
  Plan plan;

  std::vector<std::string> steps() const {
    std::vector<std::string> all;
    for (const Step& step : plan.steps) {
      const Json json = step_json(step);
      all.push_back(json.at("action").get<std::string>() + " " +
                    json.at("kind").get<std::string>() + " " + step.name);
    }
    return all;
  }
};

Snapshot with_root() {
  Snapshot current;
  current.vhosts["/"];
  broker::Topology& is = current.topologies["/"];
  is.queues.push_back({"q", true, false, {{"x-max-length", 5}}});
  is.exchanges.push_back({"x", "topic", true, false, false, {}});
  is.bindings.push_back({"x", "q", false, "key", {}});
  is.exclusive_queues.push_back("mine");
  return current;
}

std::string queue(const std::string& name, const std::string& rest = "") {
  return R"({"name": ")" + name + R"(", "vhost": "/", "durable": true, "auto_delete": false)" +
         rest + "}";
}

TEST(PlanDefinitions, WhatIsNotThereIsAddedInTheOrderItNeeds) {
  const Planned planned{R"({"bindings": [{"source": "e", "vhost": "v", "destination": "q",
                              "destination_type": "queue", "routing_key": "k", "arguments": {}}],
      "queues": [{"name": "q", "vhost": "v", "durable": true}],
      "exchanges": [{"name": "e", "vhost": "v", "type": "topic", "durable": true}],
      "permissions": [{"user": "u", "vhost": "v", "configure": "", "write": "", "read": ""}],
      "users": [{"name": "u", "password_hash": "", "tags": ""}], "vhosts": [{"name": "v"}]})"};
  EXPECT_THAT(lines(planned.errors), IsEmpty());
  EXPECT_THAT(planned.steps(),
              ElementsAre("add vhost v", "add user u", "add permission u", "add exchange e",
                          "add queue q", "add binding e -> q k"));
}

TEST(PlanDefinitions, WhatIsThereStaysTheSame) {
  const Planned planned{
      R"({"queues": [)" + queue("q", R"(, "arguments": {"x-max-length": 5})") +
          R"(], "exchanges": [{"name": "x", "vhost": "/", "type": "topic", "durable": true}],
          "bindings": [{"source": "x", "vhost": "/", "destination": "q",
                        "destination_type": "queue", "routing_key": "key", "arguments": {}}]})",
      with_root()};
  EXPECT_THAT(planned.steps(),
              ElementsAre("same exchange x", "same queue q", "same binding x -> q key"));
}

TEST(PlanDefinitions, AnotherQueueOfTheSameNameIsAConflictThatSaysWhatDiffers) {
  const Planned planned{R"({"queues": [)" + queue("q", R"(, "arguments": {"x-max-length": 6})") +
                            "," + queue("mine") + "]}",
                        with_root()};
  EXPECT_THAT(planned.steps(), ElementsAre("conflict queue q", "conflict queue mine"));
  EXPECT_EQ(planned.plan.steps[0].differences,
            (Json{{{"field", "arguments.x-max-length"}, {"is", 5}, {"wanted", 6}}}));
  EXPECT_EQ(planned.plan.count(Action::conflict), 2U);
}

TEST(PlanDefinitions, WhatRefersToNothingIsWrong) {
  const Planned planned{
      R"({"queues": [{"name": "q", "vhost": "nowhere", "durable": true}],
          "permissions": [{"user": "nobody", "vhost": "/", "configure": "", "write": "", "read": ""}],
          "bindings": [{"source": "absent", "vhost": "/", "destination": "gone",
                        "destination_type": "queue", "routing_key": "", "arguments": {}}]})",
      with_root()};
  EXPECT_THAT(lines(planned.errors),
              ::testing::UnorderedElementsAre(
                  HasSubstr("permissions[0].user: there is no user 'nobody'"),
                  HasSubstr("bindings[0].source: there is no exchange 'absent'"),
                  HasSubstr("bindings[0].destination: there is no queue 'gone'"),
                  HasSubstr("queues[0].vhost: there is no virtual host 'nowhere'")));
}

TEST(PlanDefinitions, WhatStandsThereTwiceIsWrong) {
  const Planned planned{R"({"queues": [)" + queue("a") + "," + queue("a") + "]}", with_root()};
  EXPECT_THAT(lines(planned.errors), ElementsAre("queues[1]: 'a' stands there twice"));
}

TEST(PlanDefinitions, QueuesBeyondTheVirtualHostsLimitAreWrong) {
  const Planned planned{
      R"({"parameters": [{"component": "vhost-limits", "vhost": "/", "name": "limits",
                           "value": {"max-queues": 2}}],
          "queues": [)" +
          queue("a") + "]}",
      with_root()};
  EXPECT_THAT(lines(planned.errors), ElementsAre(HasSubstr("would exceed the limit of 2")));
}

}  // namespace
}  // namespace leveret::http
