#include <gtest/gtest.h>

#include "amqp/frame.h"
#include "amqp/reply_code.h"
#include "lib/message.h"

namespace leveret::client {
namespace {

/// What a general encoder would write.
std::string expected(std::string_view key, const amqp::Properties& properties, bool mandatory,
                     std::uint16_t channel, std::string_view body, std::uint32_t frame_max) {
  amqp::basic::Publish publish;
  publish.exchange = "jobs";
  publish.routing_key = key;
  publish.mandatory = mandatory;
  std::string out;
  amqp::write_method_frame(out, channel, publish);
  amqp::write_header_frame(out, channel, body.size(), amqp::write_properties(properties));
  amqp::write_body_frames(out, channel, body, frame_max);
  return out;
}

TEST(Envelope, WritesWhatTheCodecWrites) {
  amqp::Properties properties;
  properties.message_id = "m1";
  properties.headers = amqp::Table{{"tenant", "acme"}};
  const Envelope envelope("jobs", "email.welcome", properties, Unroutable::returned);
  std::string out = "before";
  envelope.write(out, 513, "hello", 4096);
  EXPECT_EQ(out, "before" + expected("email.welcome", properties, true, 513, "hello", 4096));
}

TEST(Envelope, CutsLongBodiesAndTakesEmptyOnes) {
  const Envelope envelope("jobs", "k");
  const std::string body(10'000, 'b');
  std::string out;
  envelope.write(out, 1, body, 4096);
  envelope.write(out, 1, "", 4096);
  EXPECT_EQ(out, expected("k", {}, false, 1, body, 4096) + expected("k", {}, false, 1, "", 4096));
}

TEST(Envelope, RefusesNamesThatDoNotFit) {
  EXPECT_THROW(Envelope("", std::string(256, 'k')), amqp::Error);
}

}  // namespace
}  // namespace leveret::client
