#include <cmath>
#include <limits>

#include "golden.h"

namespace leveret::amqp {
namespace {

template <class F>
Properties properties_with(F set) {
  Properties properties;
  set(properties);
  return properties;
}

}  // namespace

const std::vector<GoldenValue>& golden_values() {
  static const std::vector<GoldenValue> rows{
      {"void", "'V'", Value{}},
      {"false", "'t' 00", false},
      {"true", "'t' 01", true},
      {"least int8", "'b' 80", std::int8_t{-128}},
      {"greatest int8", "'b' 7f", std::int8_t{127}},
      {"greatest uint8", "'B' ff", std::uint8_t{255}},
      {"least int16", "'s' 8000", std::int16_t{-32768}},
      {"int16, not a short string", "'s' 0102", std::int16_t{0x0102}},
      {"greatest uint16", "'u' ffff", std::uint16_t{65535}},
      {"least int32", "'I' 80000000", std::numeric_limits<std::int32_t>::min()},
      {"int32", "'I' 01020304", std::int32_t{0x01020304}},
      {"greatest uint32", "'i' ffffffff", std::uint32_t{0xffffffff}},
      {"least int64", "'l' 8000000000000000", std::numeric_limits<std::int64_t>::min()},
      {"int64", "'l' 0102030405060708", std::int64_t{0x0102030405060708}},
      {"float", "'f' 3fc00000", 1.5F},
      {"infinite float", "'f' ff800000", -std::numeric_limits<float>::infinity()},
      {"double", "'d' 3ff8000000000000", 1.5},
      {"negative zero double", "'d' 8000000000000000", -0.0},
      {"decimal", "'D' 02 0000007b", Decimal{2, 123}},
      {"negative decimal", "'D' ff ffffffff", Decimal{255, -1}},
      {"empty text", "'S' 00000000", ""},
      {"text", "'S' 00000006'h'c3a9'llo'", "h\xc3\xa9llo"},
      {"text with a zero octet", "'S' 00000003'a'00'b'", std::string{"a\0b", 3}},
      {"empty array", "'A' 00000000", Array{}},
      {"array of two types", "'A' 00000008 't' 01 'S' 00000001'x'", Array{true, "x"}},
      {"array in an array", "'A' 00000006 'A' 00000001 'V'", Array(1, Value{Array{Value{}}})},
      {"timestamp", "'T' 0000000065920080", Timestamp{1704067200}},
      {"greatest timestamp", "'T' ffffffffffffffff", Timestamp{0xffffffffffffffff}},
      {"empty table", "'F' 00000000", Table{}},
      {"table in a table", "'F' 00000009 01'a' 'F' 00000002 00'V'",
       Table{{"a", Table{{"", Value{}}}}}},
      {"a name twice", "'F' 00000008 01'a' 't' 00 01'a' 't' 01", Table{{"a", false}, {"a", true}}},
      {"bytes", "'x' 00000003 00ff'x'", ByteArray{std::string{"\0\xffx", 3}}},
      {"an x-death header",
       "'A' 00000027 'F' 00000022 05'count' 'l' 0000000000000003 06'reason' 'S' 00000007'expired'",
       Array{Table{{"count", std::int64_t{3}}, {"reason", "expired"}}}},
  };
  return rows;
}

const std::vector<GoldenProperties>& golden_properties() {
  using P = Properties;
  static const std::vector<GoldenProperties> rows{
      {"none", "0000", {}},
      {"content-type", "8000 0a'text/plain'",
       properties_with([](P& p) { p.content_type = "text/plain"; })},
      {"content-encoding", "4000 04'gzip'",
       properties_with([](P& p) { p.content_encoding = "gzip"; })},
      {"headers", "2000 00000004 01'a' 't' 01", properties_with([](P& p) {
         p.headers = Table{{"a", true}};
       })},
      {"empty headers", "2000 00000000", properties_with([](P& p) { p.headers = Table{}; })},
      {"delivery-mode", "1000 02", properties_with([](P& p) { p.delivery_mode = 2; })},
      {"priority", "0800 09", properties_with([](P& p) { p.priority = 9; })},
      {"correlation-id", "0400 02'c1'", properties_with([](P& p) { p.correlation_id = "c1"; })},
      {"reply-to", "0200 05'reply'", properties_with([](P& p) { p.reply_to = "reply"; })},
      {"expiration", "0100 05'60000'", properties_with([](P& p) { p.expiration = "60000"; })},
      {"message-id", "0080 02'm1'", properties_with([](P& p) { p.message_id = "m1"; })},
      {"timestamp", "0040 0000000065920080",
       properties_with([](P& p) { p.timestamp = Timestamp{1704067200}; })},
      {"type", "0020 03'job'", properties_with([](P& p) { p.type = "job"; })},
      {"user-id", "0010 05'guest'", properties_with([](P& p) { p.user_id = "guest"; })},
      {"app-id", "0008 03'app'", properties_with([](P& p) { p.app_id = "app"; })},
      {"cluster-id", "0004 02'cl'", properties_with([](P& p) { p.cluster_id = "cl"; })},
      {"empty texts", "8004 00 00",
       properties_with([](P& p) { p.content_type = p.cluster_id = ""; })},
      {"all",
       "fffc 0a'text/plain' 04'gzip' 00000004 01'a' 't' 01 02 09 02'c1' 05'reply' 05'60000' 02'm1'"
       " 0000000065920080 03'job' 05'guest' 03'app' 02'cl'",
       properties_with([](P& p) {
         p.content_type = "text/plain";
         p.content_encoding = "gzip";
         p.headers = Table{{"a", true}};
         p.delivery_mode = 2;
         p.priority = 9;
         p.correlation_id = "c1";
         p.reply_to = "reply";
         p.expiration = "60000";
         p.message_id = "m1";
         p.timestamp = Timestamp{1704067200};
         p.type = "job";
         p.user_id = "guest";
         p.app_id = "app";
         p.cluster_id = "cl";
       })},
  };
  return rows;
}

const std::vector<GoldenFrame>& golden_frames() {
  static const std::vector<GoldenFrame> rows{
      {"method", "01 0000 00000004 000a 0033 ce", FrameType::method, 0, "000a 0033"},
      {"header", "02 0001 0000000f 003c 0000 0000000000000005 1000 02 ce", FrameType::header, 1,
       "003c 0000 0000000000000005 1000 02"},
      {"body", "03 ffff 00000005'hello' ce", FrameType::body, 65535, "'hello'"},
      {"body full of end octets", "03 0001 00000003 cecece ce", FrameType::body, 1, "cecece"},
      {"empty body", "03 0001 00000000 ce", FrameType::body, 1, ""},
      {"heartbeat", "08 0000 00000000 ce", FrameType::heartbeat, 0, ""},
  };
  return rows;
}

}  // namespace leveret::amqp
