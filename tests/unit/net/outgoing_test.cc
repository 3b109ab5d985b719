#include "net/outgoing.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "amqp/frame.h"
#include "unit/net/wire.h"

namespace leveret::net {
namespace {

constexpr std::uint32_t frame_max = 4096;

broker::MessagePtr message(std::string_view body) {
  return broker::Message::make("exchange", "a.b", {"\x10\0\x02", 3}, body, 0);
}

std::string content_frames(std::uint16_t channel, std::string_view body) {
  std::string out = header_frame(channel, body.size(), {"\x10\0\x02", 3});
  amqp::write_body_frames(out, channel, body, frame_max);
  return out;
}

std::string bytes_of(const OutgoingBytes& outgoing) {
  std::vector<Piece> pieces;
  outgoing.collect(pieces);
  std::string bytes;
  for (const Piece piece : pieces) bytes += piece;
  EXPECT_EQ(bytes.size(), outgoing.size());
  return bytes;
}

std::string encode(const broker::Outgoing& record) {
  OutgoingBytes outgoing;
  outgoing.append(record, frame_max);
  return bytes_of(outgoing);
}

TEST(Outgoing, EncodesADelivery) {
  EXPECT_EQ(encode(broker::Deliver{7, true, Blob::copy("tag"), 0x0102030405060708, message("hi")}),
            method_frame(7, amqp::basic::Deliver{.consumer_tag = "tag",
                                                 .delivery_tag = 0x0102030405060708,
                                                 .redelivered = true,
                                                 .exchange = "exchange",
                                                 .routing_key = "a.b"}) +
                content_frames(7, "hi"));
}

TEST(Outgoing, EncodesADeliveryWithTheLongestNames) {
  const std::string longest(255, 'n');
  const auto named = broker::Message::make(longest, longest, no_properties, "", 0);
  EXPECT_EQ(encode(broker::Deliver{1, false, Blob::copy(longest), 1, named}),
            method_frame(1, amqp::basic::Deliver{.consumer_tag = longest,
                                                 .delivery_tag = 1,
                                                 .exchange = longest,
                                                 .routing_key = longest}) +
                header_frame(1, 0));
}

TEST(Outgoing, EncodesGetOk) {
  EXPECT_EQ(encode(broker::GetOk{1, false, 41, 9, message("")}),
            method_frame(1, amqp::basic::GetOk{.delivery_tag = 9,
                                               .exchange = "exchange",
                                               .routing_key = "a.b",
                                               .message_count = 41}) +
                content_frames(1, ""));
}

TEST(Outgoing, EncodesAReturn) {
  EXPECT_EQ(encode(broker::Return{3, message("lost")}),
            method_frame(3, amqp::basic::Return{.reply_code = 312,
                                                .reply_text = "NO_ROUTE",
                                                .exchange = "exchange",
                                                .routing_key = "a.b"}) +
                content_frames(3, "lost"));
}

TEST(Outgoing, EncodesConfirms) {
  for (const bool multiple : {false, true}) {
    EXPECT_EQ(encode(broker::Confirm{2, multiple, false, 77}),
              method_frame(2, amqp::basic::Ack{.delivery_tag = 77, .multiple = multiple}));
    EXPECT_EQ(encode(broker::Confirm{2, multiple, true, 77}),
              method_frame(2, amqp::basic::Nack{.delivery_tag = 77, .multiple = multiple}));
  }
}

TEST(Outgoing, CutsBodiesIntoFramesAtEverySize) {
  const std::size_t piece = frame_max - amqp::frame_overhead_bytes;
  for (const std::size_t size : {std::size_t{1}, piece - 1, piece, piece + 1, std::size_t{4095},
                                 std::size_t{4096}, 2 * piece, 2 * piece + 1, 10 * piece}) {
    std::string body(size, '\0');
    for (std::size_t i = 0; i < size; ++i) body[i] = static_cast<char>(i * 7);
    EXPECT_EQ(
        encode(broker::Return{3, message(body)})
            .substr(encode(broker::Return{3, message("")}).size() - content_frames(3, "").size()),
        content_frames(3, body))
        << size;
  }
}

TEST(Outgoing, KeepsTheOrderOfCopiedAndReferredBytes) {
  const auto small = message("small");
  const auto large = message(std::string(20'000, 'L'));
  OutgoingBytes outgoing;
  std::string expected;
  for (const auto& content : {small, large, small, small, large, large, small}) {
    outgoing.append(broker::Deliver{1, false, Blob::copy("t"), 1, content}, frame_max);
    expected += encode(broker::Deliver{1, false, Blob::copy("t"), 1, content});
    outgoing.append(broker::EncodedFrame{heartbeat_frame()}, frame_max);
    expected += heartbeat_frame();
  }
  EXPECT_EQ(bytes_of(outgoing), expected);
}

TEST(Outgoing, DoesNotCopyALargeBodyAndHoldsItUntilWritten) {
  auto large = message(std::string(100'000, 'L'));
  const char* body = large->body().data();
  OutgoingBytes outgoing;
  outgoing.append(broker::Return{1, large}, 0);
  large = {};
  std::vector<Piece> pieces;
  outgoing.collect(pieces);
  ASSERT_EQ(pieces.size(), 3U);
  EXPECT_EQ(pieces[1].data(), body);
  EXPECT_EQ(pieces[1], std::string(100'000, 'L'));
}

TEST(Outgoing, CountsWhatTheCoreCounts) {
  const std::vector<broker::Outgoing> records{broker::Confirm{1, false, false, 1},
                                              broker::Return{1, message("x")},
                                              broker::CloseConnection{"frame", false}};
  OutgoingBytes outgoing;
  std::size_t expected = 0;
  for (const broker::Outgoing& record : records) {
    outgoing.append(record, frame_max);
    expected += broker::cost_bytes(record);
  }
  outgoing.append_frames(heartbeat_frame());  // the session's own, of which the core knows nothing
  EXPECT_EQ(outgoing.cost_bytes(), expected);
  outgoing.clear();
  EXPECT_TRUE(outgoing.is_empty());
  EXPECT_EQ(outgoing.cost_bytes(), 0U);
}

}  // namespace
}  // namespace leveret::net
