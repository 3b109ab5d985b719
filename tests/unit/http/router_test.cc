#include "http/router.h"

#include <gtest/gtest.h>

#include <stdexcept>

namespace leveret::http {
namespace {

using Found = RouteTable::Found;

RouteTable make_table() {
  RouteTable table;
  table.add("GET", "/api/queues");                      // 0
  table.add("GET", "/api/queues/{vhost}/{name}");       // 1
  table.add("PUT", "/api/queues/{vhost}/{name}");       // 2
  table.add("GET", "/api/queues/{vhost}/all");          // 3
  table.add("POST", "/api/queues/{vhost}/{name}/get");  // 4
  return table;
}

TEST(Router, FindsByMethodAndPath) {
  const RouteTable table = make_table();
  EXPECT_EQ(std::get<Found>(table.find("GET", {"api", "queues"})).route, 0U);
  EXPECT_EQ(std::get<Found>(table.find("PUT", {"api", "queues", "/", "q"})).route, 2U);
  EXPECT_EQ(std::get<Found>(table.find("POST", {"api", "queues", "/", "q", "get"})).route, 4U);
}

TEST(Router, HandsOutTheVariableSegments) {
  const auto found = std::get<Found>(make_table().find("GET", {"api", "queues", "/", "a/b"}));
  EXPECT_EQ(found.parameters.at("vhost"), "/");
  EXPECT_EQ(found.parameters.at("name"), "a/b");
  EXPECT_THROW(static_cast<void>(found.parameters.at("other")), std::logic_error);
}

TEST(Router, TheMoreLiteralPatternWins) {
  EXPECT_EQ(std::get<Found>(make_table().find("GET", {"api", "queues", "/", "all"})).route, 3U);
}

TEST(Router, HeadIsGet) {
  EXPECT_EQ(std::get<Found>(make_table().find("HEAD", {"api", "queues"})).route, 0U);
}

TEST(Router, TellsTheOtherMethodsOfAPath) {
  const auto match = make_table().find("DELETE", {"api", "queues", "/", "q"});
  EXPECT_EQ(std::get<RouteTable::OtherMethod>(match).allow, "HEAD, GET, PUT, OPTIONS");
}

TEST(Router, ASlashAtTheEndSaysNothing) {
  const auto match = make_table().find("GET", {"api", "queues", "/", "q", ""});
  EXPECT_TRUE(std::holds_alternative<RouteTable::Found>(match));
}

TEST(Router, NothingAtOtherPaths) {
  using Segments = std::vector<std::string>;
  for (const Segments& segments :
       {Segments{}, Segments{"api"}, Segments{"api", "queues", "/"},
        Segments{"api", "queues", "", "q"}, Segments{"api", "queues", "/", "q", "x"},
        Segments{"API", "queues"}, Segments{"api", "nothing", ""}})
    EXPECT_TRUE(std::holds_alternative<RouteTable::NoPath>(make_table().find("GET", segments)));
}

}  // namespace
}  // namespace leveret::http
