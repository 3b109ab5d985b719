#include "amqp/reply_code.h"

#include <gtest/gtest.h>

#include <vector>

namespace leveret::amqp {
namespace {

struct Row {
  int number;
  std::string_view name;
  bool is_hard;
};

/// The constants of the specification (1.2), soft ones first.
const std::vector<Row> rows{
    {311, "CONTENT_TOO_LARGE", false},   {312, "NO_ROUTE", false},
    {313, "NO_CONSUMERS", false},        {403, "ACCESS_REFUSED", false},
    {404, "NOT_FOUND", false},           {405, "RESOURCE_LOCKED", false},
    {406, "PRECONDITION_FAILED", false}, {320, "CONNECTION_FORCED", true},
    {402, "INVALID_PATH", true},         {501, "FRAME_ERROR", true},
    {502, "SYNTAX_ERROR", true},         {503, "COMMAND_INVALID", true},
    {504, "CHANNEL_ERROR", true},        {505, "UNEXPECTED_FRAME", true},
    {506, "RESOURCE_ERROR", true},       {530, "NOT_ALLOWED", true},
    {540, "NOT_IMPLEMENTED", true},      {541, "INTERNAL_ERROR", true},
};

TEST(ReplyCode, NamesAndHardness) {
  for (const Row& row : rows) {
    const auto code = static_cast<ReplyCode>(row.number);
    EXPECT_EQ(name_of(code), row.name);
    EXPECT_EQ(is_hard(code), row.is_hard) << row.name;
  }
}

TEST(ReplyCode, AnUnknownCodeClosesTheConnection) {
  EXPECT_TRUE(is_hard(static_cast<ReplyCode>(999)));
}

TEST(CloseText, StartsWithTheName) {
  EXPECT_EQ((Error{ReplyCode::not_found, "no queue 'x' in vhost '/'"}.close_text()),
            "NOT_FOUND - no queue 'x' in vhost '/'");
}

/// As RabbitMQ shortens it, at 252 octets.
TEST(CloseText, IsCutToAShortString) {
  const std::string start = "NOT_FOUND - ";
  const std::string fits(255 - start.size(), 'x');
  const std::string cut = start + std::string(252 - start.size(), 'x') + "...";
  EXPECT_EQ((Error{ReplyCode::not_found, fits}.close_text()), start + fits);
  EXPECT_EQ((Error{ReplyCode::not_found, fits + "y"}.close_text()), cut);
  EXPECT_EQ((Error{ReplyCode::not_found, std::string(100000, 'x')}.close_text()), cut);
}

/// Clients decode the text as UTF-8, some of them strictly.
TEST(CloseText, IsNeverCutInsideACharacter) {
  const std::string start = "NOT_FOUND - ";
  for (const std::string character : {"\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x90\x87"}) {
    for (std::size_t room = 0; room <= character.size(); ++room) {
      const std::string before = start + std::string(252 - start.size() - room, 'x');
      const std::string whole = before + character + "and more";
      const std::string text = Error{ReplyCode::not_found, whole.substr(start.size())}.close_text();
      EXPECT_EQ(text, (room < character.size() ? before : before + character) + "...")
          << character << " with room for " << room;
    }
  }
}

TEST(CloseText, OctetsThatAreNotUtf8AreCutAtTheLimit) {
  EXPECT_EQ((Error{ReplyCode::not_found, std::string(300, '\x80')}.close_text().size()), 255U);
}

}  // namespace
}  // namespace leveret::amqp
