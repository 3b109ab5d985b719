#include "cli/text.h"

#include <gtest/gtest.h>

#include <stdexcept>

namespace leveret::cli {
namespace {

using namespace std::chrono_literals;

TEST(Text, GroupsDigits) {
  EXPECT_EQ(with_commas(0), "0");
  EXPECT_EQ(with_commas(999), "999");
  EXPECT_EQ(with_commas(1000), "1,000");
  EXPECT_EQ(with_commas(1204331), "1,204,331");
}

TEST(Text, FormatsSpans) {
  EXPECT_EQ(format_span(400us), "400 us");
  EXPECT_EQ(format_span(2500us), "2.5 ms");
  EXPECT_EQ(format_span(310ms), "310 ms");
  EXPECT_EQ(format_span(12s), "12 s");
  EXPECT_EQ(format_span(5min), "5m 0s");
  EXPECT_EQ(format_span(2h + 4min), "2h 4m");
  EXPECT_EQ(format_span(50h), "2d 2h");
}

TEST(Text, ParsesSpans) {
  EXPECT_EQ(parse_span("500ms"), 500ms);
  EXPECT_EQ(parse_span("10"), 10s);
  EXPECT_EQ(parse_span("1.5s"), 1500ms);
  EXPECT_EQ(parse_span("2h"), 2h);
  for (const char* text : {"", "s", "-1s", "5 parsecs", "nan"})
    EXPECT_THROW(parse_span(text), std::invalid_argument) << text;
}

TEST(Text, ParsesCountsSizesAndRates) {
  EXPECT_EQ(parse_count("10k"), 10'000U);
  EXPECT_EQ(parse_count("2M"), 2'000'000U);
  EXPECT_EQ(parse_size("1k"), 1024U);
  EXPECT_EQ(parse_size("4MB"), 4U * 1024 * 1024);
  EXPECT_DOUBLE_EQ(parse_rate("500/s"), 500);
  EXPECT_DOUBLE_EQ(parse_rate("1.5k"), 1500);
  EXPECT_THROW(parse_count("many"), std::invalid_argument);
  EXPECT_THROW(parse_size("1x"), std::invalid_argument);
  EXPECT_THROW(parse_rate("5/min"), std::invalid_argument);
}

TEST(Terminal, CannotBeDrivenByAMessage) {
  EXPECT_EQ(escape_for_terminal("\x1b[2Jhi\r\x07"), "\\x1b[2Jhi\\x0d\\x07");
  EXPECT_EQ(escape_for_terminal("a\nb\tc"), "a\\x0ab\\x09c");
  EXPECT_EQ(escape_for_terminal("a\nb\tc", Lines::keep), "a\nb\tc");
  // U+009B is an escape sequence's start as well, and so is its Latin-1 byte.
  EXPECT_EQ(escape_for_terminal("\xc2\x9b"
                                "2J"),
            "\\xc2\\x9b2J");
  EXPECT_EQ(escape_for_terminal("\x9b"
                                "2J"),
            "\\x9b2J");
}

TEST(Terminal, LeavesTextAlone) {
  EXPECT_EQ(escape_for_terminal("Grüße, 東京 🐇"), "Grüße, 東京 🐇");
}

TEST(Text, RefusesNumbersThatAreTooLarge) {
  EXPECT_EQ(parse_count("1e18"), 1'000'000'000'000'000'000U);
  for (const char* text : {"1e19", "1e300", "1000000000000000000M"}) {
    EXPECT_THROW(parse_count(text), std::invalid_argument) << text;
    EXPECT_THROW(parse_size(text), std::invalid_argument) << text;
    EXPECT_THROW(parse_rate(text), std::invalid_argument) << text;
  }
  for (const char* text : {"1e300", "1e19ms", "1e12d", "1e12s"})
    EXPECT_THROW(parse_span(text), std::invalid_argument) << text;
}

TEST(Text, KnowsUtf8) {
  EXPECT_TRUE(is_utf8("Grüße 東京 🐇"));
  for (const char* text :
       {"\xff", "\xc0\xaf", "\xe0\x80\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xc3", "a\x80"})
    EXPECT_FALSE(is_utf8(text)) << text;
}

TEST(Text, Base64) {
  EXPECT_EQ(base64(""), "");
  EXPECT_EQ(base64("f"), "Zg==");
  EXPECT_EQ(base64("fo"), "Zm8=");
  EXPECT_EQ(base64("foo"), "Zm9v");
  EXPECT_EQ(base64(std::string("\x00\xff\xfe", 3)), "AP/+");
  for (const char* text : {"", "f", "fo", "foo", "foob"})
    EXPECT_EQ(base64_decode(base64(text)), text);
}

TEST(Text, GuessesWhatWasMeant) {
  const std::vector<std::string> names{"publish", "work", "get", "queues", "dlq", "bench"};
  EXPECT_EQ(nearest("pubish", names), "publish");
  EXPECT_EQ(nearest("queue", names), "queues");
  EXPECT_EQ(nearest("dql", names), std::nullopt);
  EXPECT_EQ(nearest("dlqs", names), "dlq");
  EXPECT_EQ(nearest("frobnicate", names), std::nullopt);
}

}  // namespace
}  // namespace leveret::cli
