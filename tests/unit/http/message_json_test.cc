#include "http/message_json.h"

#include <gtest/gtest.h>

#include "amqp/properties.h"
#include "http/error.h"

namespace leveret::http {
namespace {

broker::MessagePtr make(const amqp::Properties& properties, std::string_view body) {
  return broker::Message::make("jobs", "a.b", amqp::write_properties(properties), body, 1234);
}

Json publication(const char* text) {
  return Json::parse(text);
}

TEST(Payload, TextAsTextAndBytesAsBase64) {
  Json item;
  put_payload(item, "h\xC3\xA4", PayloadEncoding::automatic, payload_whole);
  EXPECT_EQ(item,
            (Json{{"payload", "h\xC3\xA4"}, {"payload_bytes", 3}, {"payload_encoding", "string"}}));
  put_payload(item, "\xFF\xFE", PayloadEncoding::automatic, payload_whole);
  EXPECT_EQ(item,
            (Json{{"payload", "//4="}, {"payload_bytes", 2}, {"payload_encoding", "base64"}}));
  put_payload(item, "hi", PayloadEncoding::base64, payload_whole);
  EXPECT_EQ(item.at("payload"), "aGk=");
}

TEST(Payload, IsCutBetweenCharacters) {
  Json item;
  put_payload(item, "h\xC3\xA4", PayloadEncoding::automatic, 2);
  EXPECT_EQ(item, (Json{{"payload", "h"}, {"payload_bytes", 3}, {"payload_encoding", "string"}}));
}

TEST(BrowsedMessage, TellsEverything) {
  amqp::Properties properties;
  properties.content_type = "text/plain";
  properties.headers =
      amqp::Table{{"x-error", "boom"},
                  {"x-death", amqp::Array{amqp::Table{{"reason", "rejected"},
                                                      {"queue", "emails"},
                                                      {"count", 1},
                                                      {"time", amqp::Timestamp{9}}}}}};
  broker::BrowsedMessage browsed;
  browsed.seq = 7;
  browsed.is_unacked = true;
  browsed.redelivered = true;
  browsed.delivery_count = 2;
  browsed.message = make(properties, "hello");
  const Json item = browsed_json(browsed, 3);
  EXPECT_EQ(item.at("seq"), 7);
  EXPECT_EQ(item.at("state"), "unacked");
  EXPECT_EQ(item.at("redelivered"), true);
  EXPECT_EQ(item.at("delivery_count"), 2);
  EXPECT_EQ(item.at("exchange"), "jobs");
  EXPECT_EQ(item.at("routing_key"), "a.b");
  EXPECT_EQ(item.at("published_at"), 1234);
  EXPECT_EQ(item.at("payload"), "hel");
  EXPECT_EQ(item.at("payload_bytes"), 5);
  EXPECT_EQ(item.at("truncated"), true);
  EXPECT_EQ(item.at("properties").at("content_type"), "text/plain");
  EXPECT_EQ(item.at("death").at("reason"), "rejected");
  EXPECT_EQ(item.at("death").at("deaths").size(), 1U);
  EXPECT_EQ(item.at("error"), "boom");
}

TEST(BrowsedMessage, ThatNeverDied) {
  broker::BrowsedMessage browsed;
  browsed.seq = 1;
  browsed.message = make({}, "");
  const Json item = browsed_json(browsed, payload_whole);
  EXPECT_TRUE(item.at("death").is_null());
  EXPECT_TRUE(item.at("error").is_null());
  EXPECT_EQ(item.at("truncated"), false);
  EXPECT_EQ(item.at("state"), "ready");
}

TEST(TakenMessage, IsRabbitMqsAnswer) {
  const Json item = taken_json({make({}, "x"), true, 3}, PayloadEncoding::automatic, payload_whole);
  EXPECT_EQ(item, (Json{{"exchange", "jobs"},
                        {"routing_key", "a.b"},
                        {"redelivered", true},
                        {"message_count", 3},
                        {"properties", Json::object()},
                        {"payload", "x"},
                        {"payload_bytes", 1},
                        {"payload_encoding", "string"}}));
}

TEST(Publication, BecomesAMessage) {
  const auto message = make_message(
      publication(R"({"routing_key": "k", "payload": "aGk=", "payload_encoding": "base64",
      "properties": {"delivery_mode": 2, "headers": {"a": 1}}})"),
      "jobs", "guest", 5);
  EXPECT_EQ(message->exchange(), "jobs");
  EXPECT_EQ(message->routing_key(), "k");
  EXPECT_EQ(message->body(), "hi");
  EXPECT_TRUE(message->is_persistent());
  EXPECT_EQ(amqp::read_properties(message->properties()).headers,
            (amqp::Table{{"a", std::int64_t{1}}}));
}

TEST(Publication, NeedsItsParts) {
  for (const char* text : {R"({"payload": "x"})", R"({"routing_key": "k"})",
                           R"({"routing_key": "k", "payload": "%%", "payload_encoding": "base64"})",
                           R"({"routing_key": "k", "payload": "x", "payload_encoding": "rot13"})",
                           R"({"routing_key": "k", "payload": "x", "properties": 5})",
                           R"({"routing_key": "k", "payload": 5})"})
    EXPECT_THROW(make_message(publication(text), "", "guest", 0), HttpError) << text;
}

TEST(Publication, IsRefusedLikeOneOfAChannel) {
  for (const char* text :
       {R"({"routing_key": "k", "payload": "x", "properties": {"user_id": "other"}})",
        R"({"routing_key": "k", "payload": "x", "properties": {"expiration": "abc"}})"})
    EXPECT_THROW(make_message(publication(text), "", "guest", 0), amqp::Error) << text;
}

}  // namespace
}  // namespace leveret::http
