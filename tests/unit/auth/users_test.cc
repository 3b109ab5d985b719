#include "auth/users.h"

#include <gtest/gtest.h>

#include "auth/password.h"

namespace leveret::auth {
namespace {

std::vector<User> some_users() {
  return {{"guest", hash_password("guest"), {"administrator"}},
          {"alice", hash_password("wonder"), {}}};
}

TEST(Users, KnowsWhoHasTheRightPassword) {
  Users users{some_users()};
  const auto identity = users.authenticate("guest", "guest", true);
  ASSERT_TRUE(identity);
  EXPECT_EQ(identity->user, "guest");
  EXPECT_TRUE(identity->has_tag("administrator"));
  EXPECT_FALSE(identity->has_tag("monitoring"));
}

TEST(Users, RefusesAWrongPasswordAnUnknownUserAndNoUser) {
  Users users{some_users()};
  EXPECT_FALSE(users.authenticate("alice", "guest", true));
  EXPECT_FALSE(users.authenticate("bob", "wonder", true));
  EXPECT_FALSE(users.authenticate("", "", true));
}

TEST(Users, GuestComesFromLoopbackOnlyOthersFromAnywhere) {
  Users users{some_users()};
  EXPECT_FALSE(users.authenticate("guest", "guest", false));
  EXPECT_TRUE(users.authenticate("guest", "guest", true));
  EXPECT_FALSE(users.authenticate("guest", "guest", false));
  EXPECT_TRUE(users.authenticate("alice", "wonder", false));
}

TEST(Users, FindsWhoHasProvedItselfWithoutAPassword) {
  Users users{some_users()};
  ASSERT_TRUE(users.find_proved("alice", false));
  EXPECT_EQ(users.find_proved("alice", false)->user, "alice");
  EXPECT_FALSE(users.find_proved("bob", true));
  EXPECT_FALSE(users.find_proved("", true));
  EXPECT_TRUE(users.find_proved("guest", true));
  EXPECT_FALSE(users.find_proved("guest", false));
}

TEST(Users, AWrongPasswordIsRefusedAfterARightOne) {
  Users users{some_users()};
  EXPECT_TRUE(users.authenticate("alice", "wonder", false));
  EXPECT_TRUE(users.authenticate("alice", "wonder", false));
  EXPECT_FALSE(users.authenticate("alice", "wonde", false));
  EXPECT_FALSE(users.authenticate("alice", "wonder2", false));
}

}  // namespace
}  // namespace leveret::auth
