#include "cli/exit_code.h"

#include <gtest/gtest.h>

#include "amqp/reply_code.h"
#include "lib/error.h"

namespace leveret::cli {
namespace {

TEST(ExitCode, FollowsTheReplyCode) {
  EXPECT_EQ(exit_code_of_reply(0, "cannot reach"), Exit::unreachable);
  EXPECT_EQ(exit_code_of_reply(320, "CONNECTION_FORCED"), Exit::unreachable);
  EXPECT_EQ(exit_code_of_reply(403, "ACCESS_REFUSED"), Exit::not_permitted);
  EXPECT_EQ(exit_code_of_reply(404, "NOT_FOUND"), Exit::not_found);
  EXPECT_EQ(exit_code_of_reply(405, "RESOURCE_LOCKED"), Exit::try_again);
  EXPECT_EQ(exit_code_of_reply(406, "PRECONDITION_FAILED"), Exit::exists_differently);
  EXPECT_EQ(exit_code_of_reply(530, "NOT_ALLOWED - vhost x not found"), Exit::not_found);
  EXPECT_EQ(exit_code_of_reply(530, "NOT_ALLOWED - access to vhost 'x' refused for user 'u'"),
            Exit::not_permitted);
  EXPECT_EQ(exit_code_of_reply(541, "INTERNAL_ERROR"), Exit::internal);
}

TEST(ExitCode, FollowsTheException) {
  EXPECT_EQ(exit_code_of(client::ConnectionError{"x"}), Exit::unreachable);
  EXPECT_EQ(exit_code_of(client::ChannelError{"x", 404}), Exit::not_found);
  EXPECT_EQ(exit_code_of(client::Timeout{"x"}), Exit::try_again);
  EXPECT_EQ(exit_code_of(Failure{Exit::bad_data, "x"}), Exit::bad_data);
  EXPECT_EQ(exit_code_of(std::invalid_argument{"x"}), Exit::usage);
  EXPECT_EQ(exit_code_of(std::runtime_error{"x"}), Exit::internal);
}

TEST(ExitCode, UnreachableServerSaysHowToStartOne) {
  EXPECT_NE(hint_for(client::ConnectionError{"x"}).find("leveretd"), std::string::npos);
}

TEST(ConnectionError, IsWorthRetryingWhenTheServerMayComeBack) {
  EXPECT_TRUE(client::is_worth_retrying(client::ConnectionError{"refused"}));
  EXPECT_TRUE(client::is_worth_retrying(client::ConnectionError{"CONNECTION_FORCED", 320}));
  EXPECT_FALSE(client::is_worth_retrying(client::ConnectionError{"ACCESS_REFUSED", 403}));
  EXPECT_FALSE(client::is_worth_retrying(client::ConnectionError{"NOT_ALLOWED", 530}));
}

}  // namespace
}  // namespace leveret::cli
