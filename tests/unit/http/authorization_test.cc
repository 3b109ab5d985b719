#include "http/authorization.h"

#include <gtest/gtest.h>

#include <array>
#include <fstream>
#include <set>

#include "http/context.h"
#include "http/controllers/routes.h"
#include "http/error.h"

namespace leveret::http {
namespace {

constexpr std::array<std::pair<std::string_view, Rule>, 7> rule_names{{
    {"anyone", Rule::anyone},
    {"management", Rule::management},
    {"vhost", Rule::vhost},
    {"vhost_visible", Rule::vhost_visible},
    {"policymaker", Rule::policymaker},
    {"monitoring", Rule::monitoring},
    {"administrator", Rule::administrator},
}};

std::string_view name_of(Rule rule) {
  for (const auto& [name, each] : rule_names)
    if (each == rule) return name;
  return "?";
}

/// tests/http/rules.tsv says for every route whom it is for; a new route must be written there.
TEST(Authorization, EveryRouteHasTheRuleThatTheTableOfRulesSays) {
  std::ifstream file{RULES_FILE};
  ASSERT_TRUE(file) << RULES_FILE;
  std::set<std::string> wanted;
  for (std::string line; std::getline(file, line);)
    if (!line.starts_with('#')) wanted.insert(line);
  std::set<std::string> found;
  for (const Route& route : all_routes())
    found.insert(std::string{route.method} + '\t' + std::string{route.pattern} + '\t' +
                 std::string{name_of(route.rule)});
  EXPECT_EQ(found, wanted);
}

TEST(Authorization, WhatNamesAVhostAsksForTheRightToOpenIt) {
  for (const Route& route : all_routes()) {
    const bool names_vhost = route.pattern.find("{vhost}") != std::string_view::npos;
    const bool is_open = route.rule == Rule::anyone || route.rule == Rule::management ||
                         route.rule == Rule::monitoring;
    EXPECT_FALSE(names_vhost && is_open) << route.method << " " << route.pattern;
    const bool asks_for_vhost = route.rule == Rule::vhost || route.rule == Rule::vhost_visible;
    EXPECT_FALSE(asks_for_vhost && !names_vhost) << route.method << " " << route.pattern;
  }
}

struct NoStore final : auth::UserStore {
  void put_user(const auth::User&) override {}
  void drop_user(const std::string&) override {}
  void put_permission(const auth::Permission&) override {}
  void drop_permission(const std::string&, const std::string&) override {}
  void put_topic_permission(const auth::TopicPermission&) override {}
  void drop_topic_permission(const std::string&, const std::string&, const std::string&) override {}
  void put_user_limit(const std::string&, const std::string&, std::int64_t) override {}
  void drop_user_limit(const std::string&, const std::string&) override {}
  void put_token(const auth::Token&) override {}
  void drop_token(const std::string&) override {}
};

struct AuthorizationTest : testing::Test {
  NoStore store;
  auth::Users users{store, {.permissions = {{"u", "mine", "", "", ""}}}};

  /// "" when it is allowed, else the reason.
  std::string why_not(Rule rule, const std::string& tag, const std::string& vhost) {
    try {
      check_rule(rule, users, auth::Identity{"u", {tag}}, vhost);
      return "";
    } catch (const HttpError& error) {
      EXPECT_EQ(error.status, 403);
      EXPECT_EQ(error.error, "not_authorised");
      return error.what();
    }
  }
};

TEST_F(AuthorizationTest, ByTagAndVhostAsInRabbitMQ) {
  const std::string no_vhost = "User not authorised to access virtual host";
  const std::string no_object = "User not authorised to access object";
  struct Row {
    Rule rule;
    std::string tag;
    std::string mine;
    std::string other;
  };
  for (const Row& row : {
           Row{Rule::management, "management", "", ""},
           Row{Rule::vhost, "management", "", no_vhost},
           Row{Rule::vhost, "policymaker", "", no_vhost},
           Row{Rule::vhost, "monitoring", "", no_vhost},
           Row{Rule::vhost, "administrator", "", ""},
           Row{Rule::vhost_visible, "policymaker", "", no_vhost},
           Row{Rule::vhost_visible, "monitoring", "", ""},
           Row{Rule::policymaker, "management", no_object, no_object},
           Row{Rule::policymaker, "monitoring", no_object, no_object},
           Row{Rule::policymaker, "policymaker", "", no_vhost},
           Row{Rule::policymaker, "administrator", "", ""},
           Row{Rule::monitoring, "policymaker", "Not monitor user", "Not monitor user"},
           Row{Rule::monitoring, "monitoring", "", ""},
           Row{Rule::administrator, "monitoring", "Not administrator user",
               "Not administrator user"},
           Row{Rule::administrator, "administrator", "", ""},
       }) {
    EXPECT_EQ(why_not(row.rule, row.tag, "mine"), row.mine) << name_of(row.rule) << row.tag;
    EXPECT_EQ(why_not(row.rule, row.tag, "other"), row.other) << name_of(row.rule) << row.tag;
  }
}

}  // namespace
}  // namespace leveret::http
