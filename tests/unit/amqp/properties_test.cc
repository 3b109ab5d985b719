#include "amqp/properties.h"

#include <gtest/gtest.h>

#include "amqp/reply_code.h"
#include "bytes.h"
#include "golden.h"

namespace leveret::amqp {
namespace {

/// Reading whole, reading the head and checking agree about the frame of the properties.
void expect_malformed(std::string_view raw) {
  const ExactBytes exact{raw};
  EXPECT_THROW(read_properties(exact.view()), Error) << hex(raw);
  EXPECT_THROW(check_properties(exact.view()), Error) << hex(raw);
}

TEST(Properties, GoldenBytesDecodeToTheirValue) {
  for (const GoldenProperties& row : golden_properties()) {
    const ExactBytes raw{bytes(row.wire)};
    EXPECT_EQ(read_properties(raw.view()), row.value) << row.description;
    EXPECT_NO_THROW(check_properties(raw.view())) << row.description;
  }
}

TEST(Properties, GoldenValuesEncodeToTheirBytes) {
  for (const GoldenProperties& row : golden_properties())
    EXPECT_EQ(hex(write_properties(row.value)), hex(bytes(row.wire))) << row.description;
}

TEST(Properties, HeadAgreesWithTheWhole) {
  for (const GoldenProperties& row : golden_properties()) {
    const ExactBytes raw{bytes(row.wire)};
    const PropertiesHead head = read_properties_head(raw.view());
    const Properties& whole = row.value;
    EXPECT_EQ(head.delivery_mode, whole.delivery_mode.value_or(1)) << row.description;
    EXPECT_EQ(head.priority, whole.priority) << row.description;
    EXPECT_EQ(head.expiration, whole.expiration) << row.description;
    EXPECT_EQ(head.reply_to, whole.reply_to) << row.description;
    EXPECT_EQ(head.user_id, whole.user_id) << row.description;
    ASSERT_EQ(!head.headers.empty(), whole.headers.has_value()) << row.description;
    if (!whole.headers) continue;
    Reader reader{head.headers};
    EXPECT_EQ(read_table(reader), *whole.headers) << row.description;
    EXPECT_TRUE(reader.is_empty());
  }
}

TEST(Properties, EveryTruncationIsASyntaxError) {
  for (const GoldenProperties& row : golden_properties()) {
    const std::string whole = bytes(row.wire);
    for (std::size_t size = 0; size < whole.size(); ++size) {
      expect_malformed(whole.substr(0, size));
      const ExactBytes cut{whole.substr(0, size)};
      EXPECT_THROW(read_properties_head(cut.view()), Error) << row.description;
    }
  }
}

TEST(Properties, LeftOverBytesAreASyntaxError) {
  for (const GoldenProperties& row : golden_properties()) {
    const std::string longer = bytes(row.wire) + 'x';
    expect_malformed(longer);
    EXPECT_THROW(read_properties_head(longer), Error) << row.description;
  }
}

TEST(Properties, FlagsBeyondTheFourteenAreRefused) {
  // Bit 0 announces a second word of flags, bit 1 belongs to nothing.
  for (const std::string_view wire : {"0001", "0001 0000", "0002", "8001 01'a' 0000"}) {
    expect_malformed(bytes(wire));
    EXPECT_THROW(read_properties_head(bytes(wire)), Error) << wire;
  }
}

TEST(Properties, AnyOneOctetChangedIsDecodedOrRefused) {
  for (const GoldenProperties& row : golden_properties()) {
    const std::string whole = bytes(row.wire);
    for (std::size_t at = 0; at < whole.size(); ++at) {
      for (unsigned octet = 0; octet < 256; ++octet) {
        std::string changed = whole;
        changed[at] = static_cast<char>(octet);
        const ExactBytes raw{changed};
        try {
          check_properties(raw.view());
        } catch (const Error& error) {
          EXPECT_EQ(error.code, ReplyCode::syntax_error);
          continue;
        }
        // What has been checked at the door can be read anywhere later.
        const std::string once = write_properties(read_properties(raw.view()));
        EXPECT_EQ(write_properties(read_properties(once)), once);
        EXPECT_NO_THROW(read_properties_head(once));
      }
    }
  }
}

TEST(Properties, AMalformedHeadersTableDoesNotPassTheCheck) {
  expect_malformed(bytes("2000 00000004 01'a' '?' 01"));
  expect_malformed(bytes("2000 00000003 01'a' 't'"));
}

TEST(Properties, ATextTooLongIsRefused) {
  Properties properties;
  properties.message_id = std::string(255, 'm');
  EXPECT_NO_THROW(write_properties(properties));
  properties.message_id = std::string(256, 'm');
  EXPECT_THROW(write_properties(properties), Error);
}

TEST(Properties, AHeadersTableThatTheBrokerExtendedCanStillBeRead) {
  Properties properties;
  properties.headers.emplace();
  for (int i = 0; i < default_peer_table_limits.values; ++i)
    properties.headers->append("", Value{});
  EXPECT_NO_THROW(check_properties(write_properties(properties)));
  properties.headers->set_first("x-death", Array{Table{{"count", std::int64_t{1}}}});
  const std::string raw = write_properties(properties);
  EXPECT_EQ(read_properties(raw), properties);
  EXPECT_NO_THROW(read_properties_head(raw));
  EXPECT_THROW(check_properties(raw), Error);
}

}  // namespace
}  // namespace leveret::amqp
