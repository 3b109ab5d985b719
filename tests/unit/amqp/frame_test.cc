#include "amqp/frame.h"

#include <gtest/gtest.h>

#include <limits>

#include "amqp/reply_code.h"
#include "bytes.h"
#include "golden.h"

namespace leveret::amqp {
namespace {

constexpr std::uint32_t frame_max = 8192;

/// Reads from an exact copy; the payload is moved to where `whole` lies.
std::optional<Frame> read(std::string_view whole, std::uint32_t limit = frame_max) {
  const ExactBytes raw{whole};
  std::optional<Frame> frame = read_frame(raw.view(), limit);
  if (frame) frame->payload = whole.substr(frame_header_bytes, frame->payload.size());
  return frame;
}

ReplyCode code_of(std::string_view whole, std::uint32_t limit = frame_max) {
  try {
    read(whole, limit);
  } catch (const Error& error) {
    return error.code;
  }
  return ReplyCode::success;
}

std::string frame_of_size(std::uint32_t size) {
  std::string out;
  write_body_frame_header(out, 1, size);
  return out;
}

TEST(Frame, GoldenBytesDecodeToTheirParts) {
  for (const GoldenFrame& row : golden_frames()) {
    const std::string whole = bytes(row.wire);
    const auto frame = read(whole);
    ASSERT_TRUE(frame) << row.description;
    EXPECT_EQ(frame->type, row.type) << row.description;
    EXPECT_EQ(frame->channel, row.channel) << row.description;
    EXPECT_EQ(hex(frame->payload), hex(bytes(row.payload))) << row.description;
    EXPECT_EQ(frame->total_bytes(), whole.size()) << row.description;
  }
}

TEST(Frame, WritersProduceTheGoldenBytes) {
  const auto wire_of = [](std::string_view description) {
    for (const GoldenFrame& row : golden_frames())
      if (row.description == description) return hex(bytes(row.wire));
    return std::string{"no such row"};
  };
  std::string method;
  write_method_frame(method, 0, connection::CloseOk{});
  EXPECT_EQ(hex(method), wire_of("method"));
  std::string header;
  write_header_frame(header, 1, 5, bytes("1000 02"));
  EXPECT_EQ(hex(header), wire_of("header"));
  std::string body;
  write_body_frames(body, 65535, "hello", frame_max);
  EXPECT_EQ(hex(body), wire_of("body"));
  std::string heartbeat;
  write_heartbeat_frame(heartbeat);
  EXPECT_EQ(hex(heartbeat), wire_of("heartbeat"));
}

TEST(Frame, EveryTruncationNeedsMore) {
  for (const GoldenFrame& row : golden_frames()) {
    const std::string whole = bytes(row.wire);
    for (std::size_t size = 0; size < whole.size(); ++size)
      EXPECT_FALSE(read(whole.substr(0, size))) << row.description << " cut to " << size;
  }
}

TEST(Frame, EveryMethodTravelsInAFrame) {
  for (const GoldenMethod& row : golden_methods()) {
    std::string out;
    write_method_frame(out, 7, row.value);
    for (std::size_t size = 0; size < out.size(); ++size) EXPECT_FALSE(read(out.substr(0, size)));
    const auto frame = read(out);
    ASSERT_TRUE(frame);
    EXPECT_EQ(frame->channel, 7);
    EXPECT_TRUE(row == read_method(frame->payload)) << key_of(row.value).name;
  }
}

TEST(Frame, OnlyTheFirstFrameIsRead) {
  const std::string two = bytes("08 0000 00000000 ce 03 0001 00000001 'x' ce");
  EXPECT_EQ(read(two)->type, FrameType::heartbeat);
  EXPECT_EQ(read(two.substr(8))->payload, "x");
}

TEST(Frame, AnUnknownTypeIsRefusedAtItsFirstOctet) {
  for (unsigned type = 0; type < 256; ++type) {
    const bool is_known = type == 1 || type == 2 || type == 3 || type == 8;
    EXPECT_EQ(code_of(std::string(1, static_cast<char>(type))),
              is_known ? ReplyCode::success : ReplyCode::frame_error)
        << type;
  }
}

TEST(Frame, AnyOtherEndOctetIsRefused) {
  for (const GoldenFrame& row : golden_frames()) {
    for (unsigned octet = 0; octet < 256; ++octet) {
      std::string whole = bytes(row.wire);
      whole.back() = static_cast<char>(octet);
      EXPECT_EQ(code_of(whole), octet == 0xce ? ReplyCode::success : ReplyCode::frame_error);
    }
  }
}

/// frame_max counts the whole frame; RabbitMQ lets the payload alone have that size.
TEST(Frame, SizeIsCheckedAsSoonAsTheHeaderIsThere) {
  EXPECT_EQ(code_of(frame_of_size(frame_max - 8)), ReplyCode::success);
  EXPECT_EQ(code_of(frame_of_size(frame_max)), ReplyCode::success);
  EXPECT_EQ(code_of(frame_of_size(frame_max + 1)), ReplyCode::frame_error);
  EXPECT_EQ(code_of(frame_of_size(0xffffffff)), ReplyCode::frame_error);
  EXPECT_EQ(code_of(frame_of_size(0x80000000)), ReplyCode::frame_error);
}

TEST(Frame, WithoutALimitTheGreatestSizeStillNeedsMore) {
  EXPECT_FALSE(read(frame_of_size(0xffffffff), 0));
  EXPECT_FALSE(read(frame_of_size(0xffffffff) + std::string(100, '\xce'), 0));
  EXPECT_FALSE(read(frame_of_size(0xffffffff), 0xffffffff));
}

TEST(Frame, BodyIsCutAtFrameMax) {
  constexpr std::size_t piece = frame_max - frame_overhead_bytes;
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, piece - 1, piece, piece + 1,
                                 2 * piece, 2 * piece + 1, 10 * piece}) {
    const std::string body(size, 'b');
    std::string out;
    write_body_frames(out, 3, body, frame_max);
    std::string joined;
    std::size_t frames = 0;
    for (std::string_view rest = out; !rest.empty(); ++frames) {
      const auto frame = read_frame(rest, frame_max);
      ASSERT_TRUE(frame);
      EXPECT_EQ(frame->type, FrameType::body);
      EXPECT_EQ(frame->channel, 3);
      EXPECT_LE(frame->total_bytes(), frame_max);
      EXPECT_FALSE(frame->payload.empty());
      joined += frame->payload;
      rest.remove_prefix(frame->total_bytes());
    }
    EXPECT_EQ(joined, body);
    EXPECT_EQ(frames, (size + piece - 1) / piece);
  }
}

TEST(Frame, WithoutALimitTheBodyIsOneFrame) {
  std::string out;
  write_body_frames(out, 1, std::string(100000, 'b'), 0);
  EXPECT_EQ(read(out, 0)->payload.size(), 100000U);
  EXPECT_EQ(out.size(), 100000U + frame_overhead_bytes);
}

TEST(Frame, AFrameMaxWithoutRoomForABodyIsRefused) {
  for (std::uint32_t limit = 1; limit <= frame_overhead_bytes; ++limit) {
    std::string out;
    EXPECT_THROW(write_body_frames(out, 1, "body", limit), Error) << limit;
    EXPECT_EQ(out, "");
  }
  std::string out;
  write_body_frames(out, 1, "ab", frame_overhead_bytes + 1);
  EXPECT_EQ(hex(out), hex(bytes("03 0001 00000001 'a' ce 03 0001 00000001 'b' ce")));
}

/// Half a frame in an output buffer would turn all that follows it into something else.
TEST(Frame, AMethodThatCannotBeWrittenLeavesTheOutputAsItWas) {
  const std::string name(256, 'q');
  std::string out = "before";
  EXPECT_THROW(write_method_frame(out, 1, queue::Declare{.queue = name}), Error);
  EXPECT_EQ(out, "before");
}

TEST(ContentHeader, DecodesItsParts) {
  const std::string payload = bytes("003c 0000 0000000100000002 1000 02");
  const ExactBytes raw{payload};
  const ContentHeader header = read_content_header(raw.view());
  EXPECT_EQ(header.class_id, basic::class_id);
  EXPECT_EQ(header.body_bytes, 0x100000002U);
  EXPECT_EQ(hex(header.properties), "100002");
}

TEST(ContentHeader, EveryTruncationIsASyntaxError) {
  for (const GoldenProperties& row : golden_properties()) {
    const std::string whole = bytes("003c 0000 0000000000000005") + bytes(row.wire);
    EXPECT_NO_THROW(read_content_header(whole)) << row.description;
    for (std::size_t size = 0; size < whole.size(); ++size) {
      const ExactBytes cut{whole.substr(0, size)};
      try {
        read_content_header(cut.view());
        ADD_FAILURE() << row.description << " cut to " << size;
      } catch (const Error& error) {
        EXPECT_EQ(error.code, ReplyCode::syntax_error);
      }
    }
  }
}

/// Nobody behind this door looks at a table before it is needed, which may be in a timer.
TEST(ContentHeader, AMalformedHeadersTableIsASyntaxError) {
  EXPECT_THROW(read_content_header(bytes("003c 0000 0000000000000005 2000 00000004 01'a' '?' 01")),
               Error);
}

}  // namespace
}  // namespace leveret::amqp
