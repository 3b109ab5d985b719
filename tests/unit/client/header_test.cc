#include "cli/header.h"

#include <gtest/gtest.h>

#include <stdexcept>

namespace leveret::cli {
namespace {

amqp::Value value_of(std::string_view text) {
  return parse_header(text).second;
}

TEST(Header, IsTextWithoutAType) {
  const auto [name, value] = parse_header("tenant=acme=1");
  EXPECT_EQ(name, "tenant");
  EXPECT_EQ(value, amqp::Value("acme=1"));
}

TEST(Header, TakesEveryType) {
  EXPECT_EQ(value_of("n:int=-3"), amqp::Value(std::int64_t{-3}));
  EXPECT_EQ(value_of("n:int32=3"), amqp::Value(std::int32_t{3}));
  EXPECT_EQ(value_of("n:int16=3"), amqp::Value(std::int16_t{3}));
  EXPECT_EQ(value_of("n:int8=3"), amqp::Value(std::int8_t{3}));
  EXPECT_EQ(value_of("n:float=1.5"), amqp::Value(1.5));
  EXPECT_EQ(value_of("n:bool=true"), amqp::Value(true));
  EXPECT_EQ(value_of("n:bool=false"), amqp::Value(false));
  EXPECT_EQ(value_of("n:time=1700000000"), amqp::Value(amqp::Timestamp{1700000000}));
  EXPECT_EQ(value_of("n:text=3"), amqp::Value("3"));
  EXPECT_TRUE(value_of("n:null=").is_void());
}

TEST(Header, TakesJsonForTables) {
  const amqp::Value value = value_of(R"(n:json={"a":[1,"x",null,true,1.5]})");
  const amqp::Array array{std::int64_t{1}, "x", amqp::Value{}, true, 1.5};
  EXPECT_EQ(value, amqp::Value(amqp::Table{{"a", array}}));
}

TEST(Header, NameMayHoldColons) {
  EXPECT_EQ(parse_header("urn:x:int=3").first, "urn:x");
}

TEST(Header, RefusesWhatDoesNotFit) {
  for (const char* text : {"", "name", "=x", "n:int=", "n:int=3x", "n:int=99999999999999999999",
                           "n:int8=300", "n:bool=yes", "n:json={", "n:time=-1", "n:what=1"})
    EXPECT_THROW(parse_header(text), std::invalid_argument) << text;
}

TEST(Header, RefusesJsonThatNoBrokerTakes) {
  const auto nested = [](std::size_t depth) {
    return "n:json=" + std::string(depth, '[') + std::string(depth, ']');
  };
  EXPECT_NO_THROW(parse_header(nested(31)));
  EXPECT_THROW(parse_header(nested(32)), std::invalid_argument);
  EXPECT_THROW(parse_header(nested(1'000'000)), std::invalid_argument);
  EXPECT_NO_THROW(parse_header("n:json=9223372036854775807"));
  EXPECT_THROW(parse_header("n:json=9223372036854775808"), std::invalid_argument);
  EXPECT_THROW(parse_header("n:json={\"" + std::string(256, 'x') + "\":1}"), std::invalid_argument);
}

TEST(Header, SaysWhichTypesThereAre) {
  try {
    parse_header("n:what=1");
    FAIL();
  } catch (const std::invalid_argument& error) {
    EXPECT_NE(std::string{error.what()}.find(header_types_text), std::string::npos);
  }
}

}  // namespace
}  // namespace leveret::cli
