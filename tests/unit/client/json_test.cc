#include "cli/json.h"

#include <gtest/gtest.h>

namespace leveret::cli {
namespace {

TEST(Json, ShowsHeadersOfEveryType) {
  const amqp::Table table{{"text", "x"},
                          {"int", std::int32_t{-1}},
                          {"bool", true},
                          {"void", amqp::Value{}},
                          {"time", amqp::Timestamp{5}},
                          {"bytes", amqp::ByteArray{"\xff"}},
                          {"not utf-8", std::string_view{"\xff"}},
                          {"decimal", amqp::Decimal{2, 314}},
                          {"list", amqp::Array{std::int8_t{1}, "a"}},
                          {"table", amqp::Table{{"k", 1.5}}}};
  EXPECT_EQ(dump(to_json(table)),
            R"({"text":"x","int":-1,"bool":true,"void":null,"time":5,"bytes":{"!bytes":"/w=="},)"
            R"("not utf-8":{"!bytes":"/w=="},"decimal":3.14,"list":[1,"a"],"table":{"k":1.5}})");
}

TEST(Json, ShowsOnlyThePropertiesThatAreSet) {
  amqp::Properties properties;
  properties.content_type = "text/plain";
  properties.priority = 3;
  properties.headers = amqp::Table{{"a", "b"}};
  EXPECT_EQ(dump(to_json(properties)),
            R"({"content_type":"text/plain","priority":3,"headers":{"a":"b"}})");
}

TEST(Json, PayloadIsTextWhereItCanBe) {
  Json text;
  add_payload(text, "hé");
  EXPECT_EQ(dump(text), R"({"payload_bytes":3,"payload_encoding":"string","payload":"hé"})");
  Json bytes;
  add_payload(bytes, "\xff");
  EXPECT_EQ(dump(bytes), R"({"payload_bytes":1,"payload_encoding":"base64","payload":"/w=="})");
}

TEST(Json, ReadsWhatMayBeMissing) {
  const Json json = Json::parse(R"({"a":{"b":"x","n":3,"z":null}})");
  EXPECT_EQ(text_at(json, "/a/b"), "x");
  EXPECT_EQ(text_at(json, "/a/n"), "3");
  EXPECT_EQ(text_at(json, "/a/z"), "");
  EXPECT_EQ(text_at(json, "/q/b"), "");
  EXPECT_EQ(number_at(json, "/a/n"), 3U);
  EXPECT_EQ(number_at(json, "/a/b"), 0U);
}

}  // namespace
}  // namespace leveret::cli
