#include "amqp/table.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <set>

#include "amqp/reply_code.h"
#include "bytes.h"
#include "golden.h"

namespace leveret::amqp {
namespace {

std::string encoded(const Table& table) {
  std::string out;
  Writer writer{out};
  write_table(writer, table);
  return out;
}

Table decoded(std::string_view raw, TableLimits limits = default_peer_table_limits) {
  const ExactBytes exact{raw};
  Reader reader{exact.view()};
  Table table = read_table(reader, limits);
  EXPECT_TRUE(reader.is_empty());
  return table;
}

/// Whether reading and checking agree that `raw` is a table; asserts that they do.
bool is_table(std::string_view raw, TableLimits limits = default_peer_table_limits) {
  const auto passes = [](auto call) {
    try {
      call();
      return true;
    } catch (const Error& error) {
      EXPECT_EQ(error.code, ReplyCode::syntax_error);
      return false;
    }
  };
  const ExactBytes exact{raw};
  const bool reads = passes([&] {
    Reader reader{exact.view()};
    read_table(reader, limits);
  });
  const bool checks = passes([&] {
    Reader reader{exact.view()};
    check_table(reader, limits);
  });
  EXPECT_EQ(reads, checks) << hex(raw.substr(0, 100));
  return reads;
}

/// A table with one entry, "k", whose type and value are `wire`.
std::string table_of(std::string_view wire) {
  std::string out;
  Writer{out}.write_long_string(bytes("01'k'") + bytes(wire));
  return out;
}

Table nested(int depth) {
  Table table;
  for (int i = 1; i < depth; ++i) {
    Table outer;
    outer.append("", std::move(table));
    table = std::move(outer);
  }
  return table;
}

TEST(Table, GoldenTableHasARowForEveryType) {
  std::set<std::size_t> seen;
  for (const GoldenValue& row : golden_values()) seen.insert(row.value.held().index());
  EXPECT_EQ(seen.size(), std::variant_size_v<Value::Held>);
}

TEST(Table, GoldenBytesDecodeToTheirValue) {
  for (const GoldenValue& row : golden_values())
    EXPECT_EQ(decoded(table_of(row.wire)), (Table{{"k", row.value}})) << row.description;
}

TEST(Table, GoldenValuesEncodeToTheirBytes) {
  for (const GoldenValue& row : golden_values())
    EXPECT_EQ(hex(encoded(Table{{"k", row.value}})), hex(table_of(row.wire))) << row.description;
}

TEST(Table, EveryTruncationIsASyntaxError) {
  for (const GoldenValue& row : golden_values()) {
    const std::string whole = table_of(row.wire);
    EXPECT_TRUE(is_table(whole)) << row.description;
    for (std::size_t size = 0; size < whole.size(); ++size)
      EXPECT_FALSE(is_table(whole.substr(0, size))) << row.description << " cut to " << size;
  }
}

/// The same with an outer length that fits what is left: now it is the value that is cut.
TEST(Table, EveryTruncationInsideASoundLengthIsASyntaxError) {
  for (const GoldenValue& row : golden_values()) {
    const std::string entry = bytes("01'k'") + bytes(row.wire);
    for (std::size_t size = 1; size < entry.size(); ++size) {
      std::string raw;
      Writer{raw}.write_long_string(entry.substr(0, size));
      EXPECT_FALSE(is_table(raw)) << row.description << " cut to " << size;
    }
  }
}

TEST(Table, AnyOneOctetChangedIsDecodedOrRefused) {
  for (const GoldenValue& row : golden_values()) {
    const std::string whole = table_of(row.wire);
    for (std::size_t at = 0; at < whole.size(); ++at) {
      for (unsigned octet = 0; octet < 256; ++octet) {
        std::string changed = whole;
        changed[at] = static_cast<char>(octet);
        is_table(changed);
      }
    }
  }
}

TEST(Table, OnlyRabbitMqsTypeLettersAreKnown) {
  const std::string_view letters = "VtbBsuIilLfdDSATFx";
  for (unsigned octet = 0; octet < 256; ++octet) {
    const char letter = static_cast<char>(octet);
    // Zeroes are a value of every type; the length decides how many belong to it.
    bool is_known = false;
    for (std::size_t zeroes = 0; zeroes <= 8; ++zeroes) {
      std::string raw;
      Writer{raw}.write_long_string(std::string{"\0", 1} + letter + std::string(zeroes, '\0'));
      is_known = is_table(raw) || is_known;
    }
    EXPECT_EQ(is_known, letters.find(letter) != std::string_view::npos) << octet;
  }
}

TEST(Table, BothLettersOfInt64DecodeAndTheLowerOneIsWritten) {
  const Table table = decoded(table_of("'L' ffffffffffffffff"));
  EXPECT_EQ(table, (Table{{"k", std::int64_t{-1}}}));
  EXPECT_EQ(hex(encoded(table)), hex(table_of("'l' ffffffffffffffff")));
}

TEST(Table, AnyOctetButZeroIsTrue) {
  EXPECT_EQ(decoded(table_of("'t' 02")), (Table{{"k", true}}));
}

TEST(Table, NotANumberKeepsItsBits) {
  for (const std::string_view wire :
       {"'f' 7fa00001", "'d' 7ff4000000000001", "'d' ffffffffffffffff"})
    EXPECT_EQ(hex(encoded(decoded(table_of(wire)))), hex(table_of(wire)));
}

TEST(Table, LengthThatEndsInsideAnInnerValueIsRefused) {
  // The inner text reaches into the entry behind the inner table, or behind the outer one.
  EXPECT_FALSE(is_table(bytes("00000010 01'a' 'F' 00000006 00'S' 00000004 'abcd'")));
  EXPECT_FALSE(is_table(bytes("0000000b 01'a' 'A' 00000009 'S' 00000004 'abcd'")));
  EXPECT_FALSE(is_table(bytes("ffffffff 01'a' 't' 01")));
  EXPECT_FALSE(is_table(bytes("00000007 01'a' 'S' ffffffff")));
  EXPECT_FALSE(is_table(bytes("00000003 05'a' 't'")));
}

TEST(Table, ReadingStopsAtTheTablesEnd) {
  const std::string raw = table_of("'t' 01") + "rest";
  Reader reader{raw};
  read_table(reader);
  EXPECT_EQ(reader.rest(), "rest");
  Reader checked{raw};
  check_table(checked, default_peer_table_limits);
  EXPECT_EQ(checked.rest(), "rest");
}

TEST(Table, NestingHasALimit) {
  EXPECT_TRUE(is_table(encoded(nested(default_peer_table_limits.depth))));
  EXPECT_FALSE(is_table(encoded(nested(default_peer_table_limits.depth + 1))));
  EXPECT_FALSE(is_table(encoded(nested(1000))));
}

TEST(Table, ArraysNestAsTablesDo) {
  Array array;
  for (int i = 2; i < default_peer_table_limits.depth; ++i) {
    Array outer;
    outer.emplace_back(std::move(array));
    array = std::move(outer);
  }
  EXPECT_TRUE(is_table(encoded(Table{{"", array}})));
  Array outer;
  outer.emplace_back(std::move(array));
  EXPECT_FALSE(is_table(encoded(Table{{"", outer}})));
}

/// 30,000 levels fit a frame of 150 KB: the depth is checked before going down.
TEST(Table, DeepNestingDoesNotReachTheStack) {
  std::string raw;
  for (int i = 0; i < 30000; ++i) {
    std::string head;
    Writer writer{head};
    writer.write_u32(static_cast<std::uint32_t>((30000 - i - 1) * 6));
    if (i != 29999) head += bytes("00'F'");
    raw += head;
  }
  EXPECT_FALSE(is_table(raw));
  EXPECT_FALSE(is_table(raw, table_limits));
}

TEST(Table, NumberOfValuesHasALimit) {
  Table table;
  for (int i = 0; i < default_peer_table_limits.values; ++i) table.append("", Value{});
  EXPECT_TRUE(is_table(encoded(table)));
  table.append("", Value{});
  EXPECT_FALSE(is_table(encoded(table)));
}

TEST(Table, ValuesAreCountedOverAllLevels) {
  // The array itself is a value too.
  const auto array_of = [](int count) {
    return encoded(Table{{"a", Array(static_cast<std::size_t>(count))}});
  };
  EXPECT_TRUE(is_table(array_of(default_peer_table_limits.values - 1)));
  EXPECT_FALSE(is_table(array_of(default_peer_table_limits.values)));
  EXPECT_FALSE(is_table(array_of(120000)));
}

/// A broker adds to a table that a peer filled to the brim (x-death), and has to read it again.
TEST(Table, WhatABrokerStoredMayBeLargerThanWhatAPeerMaySend) {
  Table table = nested(default_peer_table_limits.depth + 2);
  for (int i = 0; i < default_peer_table_limits.values; ++i) table.append("", Value{});
  EXPECT_EQ(decoded(encoded(table), table_limits), table);
  EXPECT_FALSE(is_table(encoded(table)));
  EXPECT_TRUE(is_table(encoded(table), table_limits));
}

TEST(Table, ANameOf256BytesIsRefused) {
  EXPECT_NO_THROW(encoded(Table{{std::string(255, 'n'), true}}));
  EXPECT_THROW(encoded(Table{{std::string(256, 'n'), true}}), Error);
}

TEST(Table, FindsTheFirstOfAName) {
  const Table table{{"a", 1}, {"b", 2}, {"a", 3}};
  ASSERT_TRUE(table.contains("a"));
  EXPECT_EQ(*table.find("a"), Value{1});
  EXPECT_EQ(table.find("c"), nullptr);
  EXPECT_FALSE(table.contains("A"));
  EXPECT_EQ(table.size(), 3U);
}

TEST(Table, SetReplacesInPlaceOrAppends) {
  Table table{{"a", 1}, {"b", 2}};
  table.set("a", "new");
  table.set("c", 3);
  EXPECT_EQ(table, (Table{{"a", "new"}, {"b", 2}, {"c", 3}}));
}

TEST(Table, SetFirstMovesToTheFront) {
  Table table{{"a", 1}, {"b", 2}, {"a", 3}};
  table.set_first("a", 4);
  EXPECT_EQ(table, (Table{{"a", 4}, {"b", 2}}));
  table.set_first("c", 5);
  EXPECT_EQ(table, (Table{{"c", 5}, {"a", 4}, {"b", 2}}));
}

TEST(Table, SetFirstTakesANameThatLiesInTheTable) {
  Table table{{"first", 1}, {"a name too long to lie in its object", 2}, {"last", 3}};
  table.set_first((table.begin() + 1)->first, 4);
  EXPECT_EQ(table, (Table{{"a name too long to lie in its object", 4}, {"first", 1}, {"last", 3}}));
}

TEST(Table, EraseTakesEveryEntryOfAName) {
  Table table{{"a", 1}, {"b", 2}, {"a", 3}};
  EXPECT_TRUE(table.erase("a"));
  EXPECT_EQ(table, (Table{{"b", 2}}));
  EXPECT_FALSE(table.erase("a"));
  EXPECT_TRUE(table.erase("b"));
  EXPECT_TRUE(table.is_empty());
  EXPECT_EQ(table.begin(), table.end());
}

TEST(Table, EqualityMindsOrder) {
  EXPECT_NE((Table{{"a", 1}, {"b", 2}}), (Table{{"b", 2}, {"a", 1}}));
}

TEST(Value, IntegersAreEquivalentWhateverTheirWidth) {
  const std::vector<Value> tens{std::int8_t{10},   std::uint8_t{10}, std::int16_t{10},
                                std::uint16_t{10}, std::int32_t{10}, std::uint32_t{10},
                                std::int64_t{10}};
  for (const Value& left : tens) {
    for (const Value& right : tens) EXPECT_TRUE(left.is_equivalent(right));
    EXPECT_EQ(left.as_integer(), 10);
    EXPECT_FALSE(left.is_equivalent(std::int64_t{11}));
    EXPECT_FALSE(left.is_equivalent(10.0));
    EXPECT_FALSE(left.is_equivalent("10"));
    EXPECT_FALSE(left.is_equivalent(true));
    EXPECT_FALSE(left.is_equivalent(Timestamp{10}));
  }
  EXPECT_NE(tens[0], tens[1]);
}

TEST(Value, SignDecidesNotBits) {
  EXPECT_FALSE(Value{std::int8_t{-1}}.is_equivalent(std::uint8_t{255}));
  EXPECT_TRUE(Value{std::int8_t{-1}}.is_equivalent(std::int64_t{-1}));
  EXPECT_EQ(Value{std::uint32_t{0xffffffff}}.as_integer(), 0xffffffff);
}

/// RabbitMQ's type classes: float and double are one, as all integers are.
TEST(Value, FloatsAreEquivalentWhateverTheirWidth) {
  EXPECT_TRUE(Value{0.5F}.is_equivalent(0.5));
  EXPECT_TRUE(Value{0.5}.is_equivalent(0.5F));
  EXPECT_FALSE(Value{0.1F}.is_equivalent(0.1));
  EXPECT_FALSE(Value{1.0}.is_equivalent(1));
}

TEST(Value, AllElseIsEquivalentByTypeAndValue) {
  EXPECT_TRUE(Value{"a"}.is_equivalent("a"));
  EXPECT_FALSE(Value{"a"}.is_equivalent(ByteArray{"a"}));
  EXPECT_TRUE(Value{}.is_equivalent(Value{}));
  EXPECT_FALSE(Value{}.is_equivalent(false));
  EXPECT_FALSE((Value{Decimal{0, 1}}.is_equivalent(1)));
  EXPECT_TRUE((Value{Table{{"a", 1}}}.is_equivalent(Table{{"a", 1}})));
  EXPECT_FALSE((Value{Array{1}}.is_equivalent(Array{1, 2})));
}

TEST(Value, TypesAreNamedAsInRabbitMqsErrors) {
  EXPECT_EQ(type_name(Value{}), "void");
  EXPECT_EQ(type_name(true), "bool");
  EXPECT_EQ(type_name(std::int8_t{1}), "byte");
  EXPECT_EQ(type_name(std::int16_t{1}), "short");
  EXPECT_EQ(type_name(std::int32_t{1}), "signedint");
  EXPECT_EQ(type_name(std::int64_t{1}), "long");
  EXPECT_EQ(type_name("a"), "longstr");
  EXPECT_EQ(type_name(ByteArray{}), "binary");
  EXPECT_EQ(type_name(Table{}), "table");
}

TEST(Value, TextOfEveryType) {
  EXPECT_EQ(to_text(Value{}), "undefined");
  EXPECT_EQ(to_text(false), "false");
  EXPECT_EQ(to_text(std::uint8_t{200}), "200");
  EXPECT_EQ(to_text(std::int64_t{-5}), "-5");
  EXPECT_EQ(to_text(Decimal{2, 123}), "123e-2");
  EXPECT_EQ(to_text("text"), "text");
  EXPECT_EQ(to_text(Timestamp{7}), "7");
  EXPECT_EQ(to_text(Array{1, 2}), "[2 values]");
  EXPECT_EQ(to_text(Table{{"a", 1}}), "{1 entries}");
  EXPECT_EQ(to_text(ByteArray{"abc"}), "3 bytes");
}

TEST(Table, TellsWhatItTakesOfMemory) {
  const std::size_t entry = sizeof(Table::Entry);
  const auto bytes = [](const Table& table) { return table.memory_bytes(); };
  EXPECT_EQ(bytes({}), 0U);
  EXPECT_EQ(bytes({{"a", 1}, {"b", "short"}}), 2 * entry);
  EXPECT_GE(bytes({{"a", std::string(1000, 'x')}}), entry + 1000);
  EXPECT_GE(bytes({{std::string(200, 'n'), Value{}}}), entry + 200);
  EXPECT_EQ(bytes({{"a", Table{{"b", 1}}}}), 2 * entry);
  EXPECT_EQ(bytes({{"a", Array(10)}}), entry + 10 * sizeof(Value));
  EXPECT_GE(bytes({{"a", ByteArray{std::string(1000, 'x')}}}), entry + 1000);
}

}  // namespace
}  // namespace leveret::amqp
