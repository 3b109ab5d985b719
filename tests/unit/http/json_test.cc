#include "http/json.h"

#include <gtest/gtest.h>

#include <limits>

#include "http/error.h"

namespace leveret::http {
namespace {

using amqp::Array;
using amqp::ByteArray;
using amqp::Table;

/// The reason of the HttpError that `run` throws.
template <class F>
std::string reason_of(F run) {
  try {
    run();
  } catch (const HttpError& error) {
    EXPECT_EQ(error.status, 400);
    return error.what();
  }
  return "(nothing was thrown)";
}

TEST(ParseObject, AnEmptyBodyIsAnEmptyObject) {
  EXPECT_EQ(parse_object(""), Json::object());
}

TEST(ParseObject, SaysWhereItBreaks) {
  EXPECT_EQ(reason_of([] { parse_object("{bad"); }),
            "the body is not JSON: broken at line 1, column 2");
  EXPECT_EQ(reason_of([] { parse_object("{\n \"a\": 1,\n}"); }),
            "the body is not JSON: broken at line 3, column 1");
}

TEST(ParseObject, ANumberBeyondAllIsRefused) {
  for (const char* text : {"1e999", "-1e999", "{\"a\": [1e999]}"})
    EXPECT_EQ(reason_of([&] { parse_object(text); }),
              "the body has a number that is too large: at most 1.8e308 is taken");
}

TEST(ParseObject, OnlyAnObject) {
  EXPECT_EQ(reason_of([] { parse_object("[]"); }),
            "'body' is of type array, an object is expected");
}

TEST(ParseObject, NestingHasALimit) {
  const auto nested = [](std::size_t depth) {
    return "{\"a\":" + std::string(depth - 1, '[') + "1" + std::string(depth - 1, ']') + "}";
  };
  EXPECT_TRUE(parse_object(nested(40)).is_object());
  for (const std::string& text : {nested(41), nested(100'000), std::string(1'000'000, '[')})
    EXPECT_EQ(reason_of([&] { parse_object(text); }), "the body is nested deeper than 40");
}

TEST(TableToJson, EveryType) {
  const Table table{{"void", {}},
                    {"bool", true},
                    {"i8", std::int8_t{-1}},
                    {"u16", std::uint16_t{7}},
                    {"i64", std::int64_t{-5'000'000'000}},
                    {"double", 1.5},
                    {"decimal", amqp::Decimal{2, 314}},
                    {"text", "\xC3\xA4"},
                    {"array", Array{1, "x"}},
                    {"time", amqp::Timestamp{12345}},
                    {"table", Table{{"a", "b"}}},
                    {"bytes", ByteArray{"plain"}},
                    {"raw", ByteArray{"\xFF\xFE"}}};
  const Json expected{{"void", nullptr},
                      {"bool", true},
                      {"i8", -1},
                      {"u16", 7},
                      {"i64", -5'000'000'000},
                      {"double", 1.5},
                      {"decimal", 3.14},
                      {"text", "\xC3\xA4"},
                      {"array", {1, "x"}},
                      {"time", 12345},
                      {"table", {{"a", "b"}}},
                      {"bytes", "plain"},
                      {"raw", {{"$base64", "//4="}}}};
  EXPECT_EQ(to_json(table), expected);
}

TEST(TableToJson, OfEqualNamesTheFirstCounts) {
  Table table;
  table.append("a", 1);
  table.append("a", 2);
  EXPECT_EQ(to_json(table), (Json{{"a", 1}}));
}

TEST(JsonToTable, RabbitMqsTypes) {
  const Table table =
      to_table(Json::parse(R"({"i": 10, "n": -1, "d": 1.5, "b": false, "s": "x", "v": null,
      "a": [1, {"k": "v"}], "t": {"x": 1}, "raw": {"$base64": "//4="}})"),
               "arguments");
  EXPECT_EQ(*table.find("i"), amqp::Value(std::int64_t{10}));
  EXPECT_EQ(*table.find("n"), amqp::Value(std::int64_t{-1}));
  EXPECT_EQ(*table.find("d"), amqp::Value(1.5));
  EXPECT_EQ(*table.find("b"), amqp::Value(false));
  EXPECT_EQ(*table.find("s"), amqp::Value("x"));
  EXPECT_TRUE(table.find("v")->is_void());
  EXPECT_EQ(*table.find("a"), amqp::Value(Array{std::int64_t{1}, Table{{"k", "v"}}}));
  EXPECT_EQ(*table.find("t"), amqp::Value(Table{{"x", std::int64_t{1}}}));
  EXPECT_EQ(*table.find("raw"), amqp::Value(ByteArray{"\xFF\xFE"}));
}

TEST(JsonToTable, SaysWhichValueIsWrong) {
  EXPECT_EQ(reason_of([] {
              to_table(Json{{"a", {{"b", UINT64_MAX}}}}, "arguments");
            }),
            "'arguments.a.b' does not fit a signed 64-bit integer");
  EXPECT_EQ(reason_of([] {
              to_table(Json{{std::string(256, 'n'), 1}}, "headers");
            }),
            "a name in 'headers' is longer than 255 bytes");
  EXPECT_EQ(reason_of([] { to_table(Json::array({1}), "headers"); }),
            "'headers' is of type array, an object is expected");
}

TEST(Properties, GoThereAndBack) {
  const Json object = Json::parse(R"({"content_type": "text/plain", "content_encoding": "utf-8",
      "headers": {"a": 1, "t": {"b": [true]}}, "delivery_mode": 2, "priority": 5, "correlation_id": "c",
      "reply_to": "r", "expiration": "1000", "message_id": "m", "timestamp": 1700000000, "type": "t",
      "user_id": "guest", "app_id": "app", "cluster_id": "cl"})");
  EXPECT_EQ(to_json(to_properties(object)), object);
}

TEST(Properties, OnlyWhatIsThere) {
  EXPECT_EQ(to_json(amqp::Properties{}), Json::object());
  EXPECT_EQ(to_properties(Json{{"nonsense", 1}, {"type", nullptr}}), amqp::Properties{});
}

TEST(Properties, RefuseTheWrongType) {
  EXPECT_EQ(reason_of([] {
              to_properties(Json{{"delivery_mode", "2"}});
            }),
            "'delivery_mode' is of type string, a whole number from 0 is expected");
  EXPECT_EQ(reason_of([] {
              to_properties(Json{{"priority", 300}});
            }),
            "property 'priority' is above 255");
  EXPECT_EQ(reason_of([] {
              to_properties(Json{{"message_id", 5}});
            }),
            "'message_id' is of type number, a string is expected");
  EXPECT_EQ(reason_of([] {
              to_properties(Json{{"type", std::string(256, 'x')}});
            }),
            "property 'type' is longer than 255 bytes");
}

TEST(Properties, AnExpirationMayBeANumber) {
  EXPECT_EQ(to_properties(Json{{"expiration", 5000}}).expiration, "5000");
}

TEST(Members, TakeWhatRabbitmqadminSends) {
  const Json object{
      {"durable", "true"}, {"auto_delete", false}, {"count", "5"}, {"arguments", Json::array()}};
  EXPECT_EQ(find_bool(object, "durable"), true);
  EXPECT_EQ(find_bool(object, "auto_delete"), false);
  EXPECT_EQ(find_number(object, "count"), 5U);
  EXPECT_TRUE(find_table(object, "arguments").is_empty());
  EXPECT_EQ(reason_of([&] { find_bool(object, "count"); }),
            "'count' is of type string, true or false is expected");
  EXPECT_EQ(reason_of([&] { require_text(object, "payload"); }), "'payload' is missing");
}

TEST(Dump, BytesThatAreNotUtf8AreReplaced) {
  EXPECT_EQ(dump(Json{{"a", "x\xFF"}}), "{\"a\":\"x\xEF\xBF\xBD\"}");
}

}  // namespace
}  // namespace leveret::http
