#include "amqp/wire.h"

#include <gtest/gtest.h>

#include "amqp/reply_code.h"
#include "bytes.h"

namespace leveret::amqp {
namespace {

std::string written(auto write) {
  std::string out;
  Writer writer{out};
  write(writer);
  return hex(out);
}

TEST(Wire, IntegersAreBigEndian) {
  EXPECT_EQ(written([](Writer& w) { w.write_u8(0xfe); }), "fe");
  EXPECT_EQ(written([](Writer& w) { w.write_u16(0x0102); }), "0102");
  EXPECT_EQ(written([](Writer& w) { w.write_u32(0x01020304); }), "01020304");
  EXPECT_EQ(written([](Writer& w) { w.write_u64(0x01020304050607ff); }), "01020304050607ff");
  const ExactBytes raw{bytes("fe 0102 01020304 01020304050607ff")};
  Reader reader{raw.view()};
  EXPECT_EQ(reader.read_u8(), 0xfe);
  EXPECT_EQ(reader.read_u16(), 0x0102);
  EXPECT_EQ(reader.read_u32(), 0x01020304U);
  EXPECT_EQ(reader.read_u64(), 0x01020304050607ffU);
  EXPECT_TRUE(reader.is_empty());
}

TEST(Wire, ShortStringHoldsUpTo255Bytes) {
  const std::string longest(255, 'x');
  std::string out;
  Writer{out}.write_short_string(longest);
  EXPECT_EQ(out.size(), 256U);
  Reader reader{out};
  EXPECT_EQ(reader.read_short_string(), longest);
}

TEST(Wire, ShortStringOf256BytesIsRefusedAndWritesNothing) {
  std::string out = "before";
  EXPECT_THROW(Writer{out}.write_short_string(std::string(256, 'x')), Error);
  EXPECT_EQ(out, "before");
}

TEST(Wire, LongStringHoldsAnyBytes) {
  const std::string text = bytes("00 ff 'x'") + std::string(70000, 'y');
  std::string out;
  Writer{out}.write_long_string(text);
  Reader reader{out};
  EXPECT_EQ(reader.read_long_string(), text);
}

TEST(Wire, AStringLongerThanTheBufferIsASyntaxError) {
  for (const std::string_view wire : {"00000005 'four'", "ffffffff 'four'", "80000000", "000000"}) {
    const ExactBytes raw{bytes(wire)};
    Reader reader{raw.view()};
    try {
      reader.read_long_string();
      ADD_FAILURE() << wire;
    } catch (const Error& error) {
      EXPECT_EQ(error.code, ReplyCode::syntax_error);
    }
  }
  const ExactBytes raw{bytes("05 'four'")};
  Reader reader{raw.view()};
  EXPECT_THROW(reader.read_short_string(), Error);
}

TEST(Wire, ReadingFromNothingIsASyntaxError) {
  const ExactBytes nothing{""};
  EXPECT_THROW(Reader{nothing.view()}.read_u8(), Error);
  EXPECT_THROW(Reader{nothing.view()}.read_u16(), Error);
  EXPECT_THROW(Reader{nothing.view()}.read_u32(), Error);
  EXPECT_THROW(Reader{nothing.view()}.read_u64(), Error);
  EXPECT_THROW(Reader{nothing.view()}.read_short_string(), Error);
  EXPECT_EQ(Reader{nothing.view()}.take(0), "");
}

TEST(Wire, PatchOverwritesFourBytesInPlace) {
  std::string out = bytes("'a' 00000000 'z'");
  Writer{out}.patch_u32(1, 0xdeadbeef);
  EXPECT_EQ(hex(out), hex(bytes("'a' deadbeef 'z'")));
}

}  // namespace
}  // namespace leveret::amqp
