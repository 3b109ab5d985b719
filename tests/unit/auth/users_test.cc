#include "auth/users.h"

#include <gtest/gtest.h>

#include "auth/password.h"
#include "unit/auth/fake_store.h"

namespace leveret::auth {
namespace {

struct UsersTest : testing::Test {
  FakeStore store;
  Users users{store,
              {.users = {{"guest", hash_password("guest"), {"administrator"}, {}},
                         {"alice", hash_password("wonder"), {}, {}}}}};
};

TEST_F(UsersTest, KnowsWhoHasTheRightPassword) {
  const auto identity = users.authenticate({"guest", "guest", true});
  ASSERT_TRUE(identity);
  EXPECT_EQ(identity->user, "guest");
  EXPECT_TRUE(identity->has_tag("administrator"));
  EXPECT_FALSE(identity->has_tag("monitoring"));
}

TEST_F(UsersTest, RefusesAWrongPasswordAnUnknownUserAndNoUser) {
  EXPECT_FALSE(users.authenticate({"alice", "guest", true}));
  EXPECT_FALSE(users.authenticate({"bob", "wonder", true}));
  EXPECT_FALSE(users.authenticate({"", "", true}));
}

TEST_F(UsersTest, GuestComesFromLoopbackOnlyOthersFromAnywhere) {
  EXPECT_FALSE(users.authenticate({"guest", "guest", false}));
  EXPECT_TRUE(users.authenticate({"guest", "guest", true}));
  EXPECT_FALSE(users.authenticate({"guest", "guest", false}));
  EXPECT_FALSE(users.recall({"guest", "guest", false, ""}));
  EXPECT_TRUE(users.authenticate({"alice", "wonder", false}));
}

TEST_F(UsersTest, FindsWhoHasProvedItselfWithoutAPassword) {
  ASSERT_TRUE(users.find_proved({"alice", "", false}));
  EXPECT_EQ(users.find_proved({"alice", "", false})->user, "alice");
  EXPECT_FALSE(users.find_proved({"bob", "", true}));
  EXPECT_FALSE(users.find_proved({"", "", true}));
  EXPECT_TRUE(users.find_proved({"guest", "", true}));
  EXPECT_FALSE(users.find_proved({"guest", "", false}));
}

TEST_F(UsersTest, AWrongPasswordIsRefusedAfterARightOne) {
  EXPECT_TRUE(users.authenticate({"alice", "wonder", false}));
  EXPECT_TRUE(users.authenticate({"alice", "wonder", false}));
  EXPECT_FALSE(users.authenticate({"alice", "wonde", false}));
  EXPECT_FALSE(users.authenticate({"alice", "wonder2", false}));
}

TEST_F(UsersTest, RecallsWhoHasLoggedInBefore) {
  EXPECT_FALSE(users.recall({"alice", "wonder", false, ""}));
  users.authenticate({"alice", "wonder", false});
  EXPECT_TRUE(users.recall({"alice", "wonder", false, ""}));
  EXPECT_FALSE(users.recall({"alice", "wonde", false, ""}));
  users.put({"alice", hash_password("land"), {}, {}});
  EXPECT_FALSE(users.recall({"alice", "wonder", false, ""}));
  EXPECT_FALSE(users.authenticate({"alice", "wonder", false}));
  EXPECT_TRUE(users.authenticate({"alice", "land", false}));
}

TEST_F(UsersTest, WithoutAPasswordOrWithAnEmptyOneThereIsNoLogin) {
  users.put({"bob", "", {}, {}});
  EXPECT_FALSE(users.authenticate({"bob", "", true}));
  users.put({"bob", hash_password(""), {}, {}});
  EXPECT_FALSE(users.authenticate({"bob", "", true}));
}

TEST_F(UsersTest, AHashFromRabbitMQIsReplacedAtTheFirstLogin) {
  // From RabbitMQ's documentation (passwords): "test12".
  const std::string hash = *import_hash(
      {"rabbit_password_hashing_sha256", "kI3GCqW5JLMJa4iX1lo7X4D6XbYqlLgxIs30+P6tENUV2POR"});
  users.put({"bob", hash, {"management"}, {}});
  EXPECT_FALSE(users.authenticate({"bob", "test13", true}));
  EXPECT_EQ(users.find("bob")->password_hash, hash);
  ASSERT_TRUE(users.authenticate({"bob", "test12", true}));
  EXPECT_TRUE(is_slow_hash(users.find("bob")->password_hash));
  EXPECT_TRUE(users.authenticate({"bob", "test12", true})->has_tag("management"));
  EXPECT_FALSE(users.authenticate({"bob", "test13", true}));
}

TEST_F(UsersTest, AChangeIsStoredThenSeenThenTold) {
  std::vector<std::string> told;
  users.on_change = [&](const std::string& user) { told.push_back(user); };
  EXPECT_TRUE(users.put({"bob", "hash", {}, {}}));
  EXPECT_FALSE(users.put({"bob", "hash", {"x"}, {}}));
  EXPECT_TRUE(users.set_permission({"bob", "/", ".*", ".*", ""}));
  EXPECT_FALSE(users.set_permission({"bob", "/", "", "", ""}));
  users.set_limit("bob", "max-channels", 3);
  EXPECT_EQ(users.find("bob")->tags, std::vector<std::string>{"x"});
  EXPECT_EQ(find_limit(users.find("bob")->limits, "max-channels"), 3U);
  EXPECT_EQ(users.permission("bob", "/")->configure, "");
  EXPECT_TRUE(users.remove("bob"));
  EXPECT_FALSE(users.remove("bob"));
  EXPECT_FALSE(users.permission("bob", "/"));
  EXPECT_EQ(store.lines, (std::vector<std::string>{"user bob", "user bob", "permission bob /",
                                                   "permission bob /", "limit bob max-channels",
                                                   "no user bob"}));
  EXPECT_EQ(told.size(), 6U);
}

TEST_F(UsersTest, WhatCannotBeStoredDoesNotHappen) {
  store.is_full = true;
  EXPECT_THROW(users.remove("alice"), std::runtime_error);
  EXPECT_THROW(users.put({"bob", "hash", {}, {}}), std::runtime_error);
  EXPECT_TRUE(users.find("alice"));
  EXPECT_FALSE(users.find("bob"));
}

TEST_F(UsersTest, TopicPermissionsAreClearedOneByOneOrAll) {
  for (const char* exchange : {"a", "b", "c"})
    users.set_topic_permission({"alice", "/", exchange, "", ""});
  EXPECT_TRUE(users.clear_topic_permissions("alice", "/", "b"));
  EXPECT_FALSE(users.clear_topic_permissions("alice", "/", "b"));
  EXPECT_EQ(users.topic_permissions("alice", "/").size(), 2U);
  EXPECT_TRUE(users.clear_topic_permissions("alice", "/", std::nullopt));
  EXPECT_TRUE(users.topic_permissions().empty());
}

TEST_F(UsersTest, AVhostTakesItsPermissionsWithIt) {
  users.set_permission({"alice", "a", "", "", ""});
  users.set_permission({"alice", "b", "", "", ""});
  users.set_topic_permission({"alice", "a", "x", "", ""});
  users.forget_vhost("a");
  ASSERT_EQ(users.permissions().size(), 1U);
  EXPECT_EQ(users.permissions().front().vhost, "b");
  EXPECT_TRUE(users.topic_permissions().empty());
}

TEST_F(UsersTest, FailuresDelayTheSameUserFromTheSameAddressOnly) {
  for (int i = 0; i < 4; ++i) users.authenticate({"alice", "x", true, "10.0.0.1"});
  EXPECT_GT(users.delay_login({"alice", "", true, "10.0.0.1"})->count(), 0);
  EXPECT_EQ(users.delay_login({"alice", "", true, "10.0.0.2"})->count(), 0);
  EXPECT_EQ(users.delay_login({"guest", "", true, "10.0.0.1"})->count(), 0);
  users.authenticate({"alice", "wonder", true, "10.0.0.1"});
  EXPECT_EQ(users.delay_login({"alice", "", true, "10.0.0.1"})->count(), 0);
}

TEST(Limits, ANegativeOneIsNone) {
  const Limits limits{{"max-queues", -1}, {"max-connections", 0}};
  EXPECT_FALSE(find_limit(limits, "max-queues"));
  EXPECT_FALSE(find_limit(limits, "max-channels"));
  EXPECT_EQ(find_limit(limits, "max-connections"), 0U);
}

}  // namespace
}  // namespace leveret::auth
