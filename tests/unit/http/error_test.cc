#include "http/error.h"

#include <gtest/gtest.h>

namespace leveret::http {
namespace {

using amqp::ReplyCode;

TEST(HttpError, NotFoundKeepsThePlainText) {
  const HttpError error = to_http_error({ReplyCode::not_found, "no queue 'x' in vhost '/'"});
  EXPECT_EQ(error.status, 404);
  EXPECT_EQ(error.error, "not_found");
  EXPECT_STREQ(error.what(), "no queue 'x' in vhost '/'");
}

TEST(HttpError, RefusalsAreBadRequestsWithTheCloseText) {
  for (const ReplyCode code :
       {ReplyCode::access_refused, ReplyCode::resource_locked, ReplyCode::precondition_failed,
        ReplyCode::command_invalid, ReplyCode::syntax_error}) {
    const amqp::Error refused{code, "because"};
    const HttpError error = to_http_error(refused);
    EXPECT_EQ(error.status, 400);
    EXPECT_EQ(error.error, "bad_request");
    EXPECT_EQ(error.what(), refused.close_text());
  }
}

TEST(HttpError, OurOwnFaultsAreNotTheClients) {
  EXPECT_EQ(to_http_error({ReplyCode::internal_error, "x"}).status, 500);
  EXPECT_EQ(to_http_error({ReplyCode::resource_error, "x"}).status, 503);
}

}  // namespace
}  // namespace leveret::http
