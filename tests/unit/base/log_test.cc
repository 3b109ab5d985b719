#include "base/log.h"

#include <gtest/gtest.h>

namespace leveret::log {
namespace {

TEST(LogEscape, PlainTextIsUnchanged) {
  EXPECT_EQ(escape(""), "");
  EXPECT_EQ(escape("queue 'jobs' in vhost '/'"), "queue 'jobs' in vhost '/'");
  EXPECT_EQ(escape("h\xc3\xa9llo \xe2\x82\xac \xf0\x9f\x90\x87"),
            "h\xc3\xa9llo \xe2\x82\xac \xf0\x9f\x90\x87");
}

TEST(LogEscape, NoNameCanStartALine) {
  EXPECT_EQ(escape("a\r\nb"), "a\\x0d\\x0ab");
}

TEST(LogEscape, NoNameCanDriveATerminal) {
  EXPECT_EQ(escape("\x1b[31mred"), "\\x1b[31mred");
  EXPECT_EQ(escape(std::string_view{"\0\t\x7f", 3}), "\\x00\\x09\\x7f");
}

/// U+0080 to U+009F in UTF-8: U+009B alone opens a control sequence.
TEST(LogEscape, ControlCharactersOfLatin1AreEscapedToo) {
  EXPECT_EQ(escape("\xc2\x9b"
                   "31m"),
            "\\xc2\\x9b31m");
  EXPECT_EQ(escape("\xc2\x80"), "\\xc2\\x80");
  EXPECT_EQ(escape("\xc2\xa0\xc2\xbf"), "\xc2\xa0\xc2\xbf");
}

TEST(LogEscape, AnOctetThatMayBeAControlByItselfIsEscaped) {
  EXPECT_EQ(escape("\x9b"
                   "31m"),
            "\\x9b31m");
  EXPECT_EQ(escape("a\xc2"), "a\\xc2");
}

TEST(LogLine, FieldsStandBehindTheText) {
  EXPECT_EQ(format_line(Format::text, Level::warn, "refused", {{"user", "ann"}, {"vhost", "/"}}),
            R"([warn] refused user="ann" vhost="/")");
}

TEST(LogLine, NoFieldCanForgeAnotherOne) {
  EXPECT_EQ(format_line(Format::text, Level::info, "x", {{"user", "a\" vhost=\"/\n"}}),
            R"([info] x user="a\" vhost=\"/\\x0a")");
}

/// A text of JSON has every character escaped that it has to have escaped.
TEST(LogLine, JsonHoldsAnyName) {
  EXPECT_EQ(format_line(Format::json, Level::error, "say \"no\"\n", {{"user", "a\\b\xff"}}),
            R"("level":"error","message":"say \"no\"\\x0a","user":"a\\b\\xff")");
}

TEST(LogLevel, LowerLevelsAreOff) {
  set_level(Level::warn);
  EXPECT_FALSE(is_enabled(Level::info));
  EXPECT_TRUE(is_enabled(Level::warn));
  EXPECT_TRUE(is_enabled(Level::critical));
  set_level(Level::info);
}

}  // namespace
}  // namespace leveret::log
