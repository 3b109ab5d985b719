#include "net/outgoing.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <variant>

#include "amqp/frame.h"
#include "amqp/reply_code.h"

namespace leveret::net {
namespace {

using amqp::FrameType;
using broker::ChannelNumber;
using broker::MessagePtr;

/// A body from this size on is written from where it lies; copying less is cheaper than one more
/// piece for the kernel.
constexpr std::size_t copied_body_max = 4096;
/// Memory kept for the next batch; more is returned after a burst.
constexpr std::size_t kept_capacity_max = std::size_t{256} << 10U;

/// The longest method that is encoded here: its fixed fields and three short strings.
constexpr std::size_t method_frame_bytes_max = 64 + 3 * 256;
constexpr std::size_t header_frame_fixed_bytes = amqp::frame_overhead_bytes + 12;

/// Writes wire primitives to memory that is known to be large enough.
class Cursor {
 public:
  explicit Cursor(char* at) : at_(at) {}

  template <class T>
  void integer(T value) {
    for (std::size_t i = 0; i < sizeof(T); ++i)
      *at_++ = static_cast<char>(value >> (8U * (sizeof(T) - 1U - i)));
  }
  void flag(bool value) { integer(static_cast<std::uint8_t>(value ? 1 : 0)); }
  void bytes(std::string_view text) {
    if (!text.empty()) std::memcpy(at_, text.data(), text.size());
    at_ += text.size();
  }
  void short_string(std::string_view text) {
    integer(static_cast<std::uint8_t>(text.size()));
    bytes(text);
  }
  char* at() const { return at_; }

 private:
  char* at_;
};

}  // namespace

/// Appends frames to an OutgoingBytes' own memory. It writes the methods of the path of a message
/// by hand: the general way by amqp::write_method costs several times as much, and the tests
/// compare the two.
class OutgoingBytes::Encoder {
 public:
  explicit Encoder(OutgoingBytes& out) : out_(out) {}

  Cursor reserve(std::size_t size) {
    if (out_.encoded_.size() - out_.encoded_bytes_ < size)
      out_.encoded_.resize(std::max(out_.encoded_.size() * 2, out_.encoded_bytes_ + size));
    return Cursor{out_.encoded_.data() + out_.encoded_bytes_};
  }
  void finish(const Cursor& cursor) {
    const auto end = static_cast<std::size_t>(cursor.at() - out_.encoded_.data());
    out_.size_ += end - out_.encoded_bytes_;
    out_.encoded_bytes_ = end;
  }
  void copy(std::string_view bytes) {
    Cursor cursor = reserve(bytes.size());
    cursor.bytes(bytes);
    finish(cursor);
  }
  /// Everything that was encoded so far comes before `body` on the wire.
  void refer_to(Piece body) {
    out_.segments_.push_back({out_.encoded_bytes_ - out_.segmented_bytes_, body});
    out_.segmented_bytes_ = out_.encoded_bytes_;
    out_.size_ += body.size();
  }

  template <class Method, class WriteFields>
  void method_frame(ChannelNumber channel, WriteFields write_fields) {
    Cursor cursor = reserve(method_frame_bytes_max);
    Cursor size_field = begin_frame(cursor, FrameType::method, channel);
    cursor.integer(Method::key.class_id);
    cursor.integer(Method::key.method_id);
    write_fields(cursor);
    end_frame(cursor, size_field);
    finish(cursor);
  }

  void header_frame(ChannelNumber channel, const broker::Message& message) {
    Cursor cursor = reserve(header_frame_fixed_bytes + message.properties().size());
    Cursor size_field = begin_frame(cursor, FrameType::header, channel);
    cursor.integer(amqp::basic::class_id);
    cursor.integer(std::uint16_t{0});
    cursor.integer(std::uint64_t{message.body().size()});
    cursor.bytes(message.properties());
    end_frame(cursor, size_field);
    finish(cursor);
  }

  void body_frame(ChannelNumber channel, Piece piece, bool is_held) {
    Cursor cursor = reserve(amqp::frame_overhead_bytes + (is_held ? 0 : piece.size()));
    cursor.integer(static_cast<std::uint8_t>(FrameType::body));
    cursor.integer(channel);
    cursor.integer(static_cast<std::uint32_t>(piece.size()));
    if (is_held) {
      finish(cursor);
      refer_to(piece);
    } else {
      cursor.bytes(piece);
    }
    cursor.integer(amqp::frame_end);
    finish(cursor);
  }

 private:
  static Cursor begin_frame(Cursor& cursor, FrameType type, ChannelNumber channel) {
    cursor.integer(static_cast<std::uint8_t>(type));
    cursor.integer(channel);
    Cursor size_field = cursor;
    cursor.integer(std::uint32_t{0});
    return size_field;
  }
  static void end_frame(Cursor& cursor, Cursor size_field) {
    const auto payload_bytes = cursor.at() - size_field.at() - 4;
    size_field.integer(static_cast<std::uint32_t>(payload_bytes));
    cursor.integer(amqp::frame_end);
  }

  OutgoingBytes& out_;
};

void OutgoingBytes::append(const broker::Outgoing& record, std::uint32_t frame_max) {
  Encoder encoder{*this};
  cost_bytes_ += broker::cost_bytes(record);
  struct Visitor {
    OutgoingBytes& out;
    Encoder& encoder;
    std::uint32_t frame_max;

    void operator()(const broker::EncodedFrame& frame) const { encoder.copy(frame.bytes); }
    void operator()(const broker::CloseConnection& close) const { encoder.copy(close.frame); }
    void operator()(const broker::Deliver& deliver) const {
      encoder.method_frame<amqp::basic::Deliver>(deliver.channel, [&](Cursor& cursor) {
        cursor.short_string(deliver.consumer_tag->view());
        cursor.integer(deliver.delivery_tag);
        cursor.flag(deliver.redelivered);
        cursor.short_string(deliver.message->exchange());
        cursor.short_string(deliver.message->routing_key());
      });
      out.append_content(encoder, deliver.channel, deliver.message, frame_max);
    }
    void operator()(const broker::GetOk& get_ok) const {
      encoder.method_frame<amqp::basic::GetOk>(get_ok.channel, [&](Cursor& cursor) {
        cursor.integer(get_ok.delivery_tag);
        cursor.flag(get_ok.redelivered);
        cursor.short_string(get_ok.message->exchange());
        cursor.short_string(get_ok.message->routing_key());
        cursor.integer(get_ok.message_count);
      });
      out.append_content(encoder, get_ok.channel, get_ok.message, frame_max);
    }
    void operator()(const broker::Return& returned) const {
      encoder.method_frame<amqp::basic::Return>(returned.channel, [&](Cursor& cursor) {
        cursor.integer(static_cast<std::uint16_t>(amqp::ReplyCode::no_route));
        cursor.short_string(amqp::name_of(amqp::ReplyCode::no_route));
        cursor.short_string(returned.message->exchange());
        cursor.short_string(returned.message->routing_key());
      });
      out.append_content(encoder, returned.channel, returned.message, frame_max);
    }
    void operator()(const broker::Confirm& confirm) const {
      if (confirm.is_nack)
        // requeue, which a client has to ignore here, shares the octet with multiple.
        encoder.method_frame<amqp::basic::Nack>(confirm.channel, [&](Cursor& cursor) {
          cursor.integer(confirm.delivery_tag);
          cursor.flag(confirm.multiple);
        });
      else
        encoder.method_frame<amqp::basic::Ack>(confirm.channel, [&](Cursor& cursor) {
          cursor.integer(confirm.delivery_tag);
          cursor.flag(confirm.multiple);
        });
    }
  };
  std::visit(Visitor{*this, encoder, frame_max}, record);
}

void OutgoingBytes::append_content(Encoder& encoder, ChannelNumber channel,
                                   const MessagePtr& message, std::uint32_t frame_max) {
  encoder.header_frame(channel, *message);
  std::string_view body = message->body();
  const bool is_held = body.size() >= copied_body_max;
  const std::size_t piece_max =
      frame_max == 0 ? body.size() : frame_max - amqp::frame_overhead_bytes;
  while (!body.empty()) {
    const Piece piece = body.substr(0, std::min(piece_max, body.size()));
    encoder.body_frame(channel, piece, is_held);
    body.remove_prefix(piece.size());
  }
  if (is_held) held_.push_back(message);
}

void OutgoingBytes::append_frames(std::string_view bytes) {
  Encoder{*this}.copy(bytes);
}

void OutgoingBytes::collect(std::vector<Piece>& pieces) const {
  pieces.clear();
  const char* at = encoded_.data();
  for (const Segment& segment : segments_) {
    if (segment.encoded_bytes != 0) pieces.emplace_back(at, segment.encoded_bytes);
    at += segment.encoded_bytes;
    pieces.push_back(segment.body);
  }
  if (encoded_bytes_ != segmented_bytes_)
    pieces.emplace_back(at, encoded_bytes_ - segmented_bytes_);
}

void OutgoingBytes::clear() {
  if (encoded_.size() > kept_capacity_max) encoded_ = {};
  encoded_bytes_ = 0;
  segmented_bytes_ = 0;
  segments_.clear();
  held_.clear();
  size_ = 0;
  cost_bytes_ = 0;
}

OutgoingBytes OutgoingPool::take() {
  if (kept_.empty()) return {};
  OutgoingBytes bytes = std::move(kept_.back());
  kept_.pop_back();
  return bytes;
}

void OutgoingPool::give_back(OutgoingBytes bytes) {
  bytes.clear();
  if (kept_.size() < kept_max && bytes.has_memory()) kept_.push_back(std::move(bytes));
}

}  // namespace leveret::net
