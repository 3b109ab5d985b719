#include "amqp/frame.h"

#include <algorithm>

#include "amqp/properties.h"
#include "amqp/reply_code.h"

namespace leveret::amqp {
namespace {

constexpr std::uint16_t class_basic = basic::class_id;

bool is_frame_type(std::uint8_t type) {
  return (type >= 1 && type <= 3) || type == 8;
}

/// Writes a frame whose payload `write_payload` appends. When that throws nothing has been written:
/// half a frame would turn all that follows it into something else.
template <class F>
void write_frame(std::string& out, FrameType type, std::uint16_t channel, F write_payload) {
  const std::size_t start = out.size();
  Writer writer{out};
  writer.write_u8(static_cast<std::uint8_t>(type));
  writer.write_u16(channel);
  const std::size_t size_at = writer.size();
  writer.write_u32(0);
  try {
    write_payload();
  } catch (...) {
    out.resize(start);
    throw;
  }
  writer.patch_u32(size_at, static_cast<std::uint32_t>(writer.size() - size_at - 4));
  writer.write_u8(frame_end);
}

}  // namespace

std::optional<Frame> read_frame(std::string_view buffer, std::uint32_t frame_max) {
  if (buffer.empty()) return std::nullopt;
  const auto type = static_cast<std::uint8_t>(buffer[0]);
  if (!is_frame_type(type))
    throw Error{ReplyCode::frame_error, "unknown frame type " + std::to_string(type)};
  if (buffer.size() < frame_header_bytes) return std::nullopt;
  Reader reader{buffer.substr(1)};
  const std::uint16_t channel = reader.read_u16();
  const std::size_t size = reader.read_u32();
  // RabbitMQ lets a frame be larger by its own overhead, since clients disagree on what frame_max
  // counts (rabbit_reader.erl, FRAME_SIZE_FUDGE).
  if (frame_max != 0 && size > frame_max)
    throw Error{ReplyCode::frame_error, "frame of " + std::to_string(size) +
                                            " bytes is larger than the negotiated maximum of " +
                                            std::to_string(frame_max)};
  if (buffer.size() < size + frame_overhead_bytes) return std::nullopt;
  if (static_cast<std::uint8_t>(buffer[frame_header_bytes + size]) != frame_end)
    throw Error{ReplyCode::frame_error, "frame does not end with the octet 206"};
  return Frame{static_cast<FrameType>(type), channel, buffer.substr(frame_header_bytes, size)};
}

ContentHeader read_content_header(std::string_view payload, TableLimits limits) {
  Reader reader{payload};
  ContentHeader header{};
  header.class_id = reader.read_u16();
  reader.read_u16();  // weight, unused
  header.body_bytes = reader.read_u64();
  header.properties = reader.rest();
  check_properties(header.properties, limits);
  return header;
}

void write_method_frame(std::string& out, std::uint16_t channel, const Method& method) {
  write_frame(out, FrameType::method, channel, [&] { write_method(out, method); });
}

void write_header_frame(std::string& out, std::uint16_t channel, std::uint64_t body_bytes,
                        std::string_view properties) {
  write_frame(out, FrameType::header, channel, [&] {
    Writer writer{out};
    writer.write_u16(class_basic);
    writer.write_u16(0);
    writer.write_u64(body_bytes);
    writer.write_bytes(properties);
  });
}

void write_heartbeat_frame(std::string& out) {
  write_frame(out, FrameType::heartbeat, 0, [] {});
}

void write_body_frame_header(std::string& out, std::uint16_t channel, std::size_t payload_bytes) {
  Writer writer{out};
  writer.write_u8(static_cast<std::uint8_t>(FrameType::body));
  writer.write_u16(channel);
  writer.write_u32(static_cast<std::uint32_t>(payload_bytes));
}

void write_body_frames(std::string& out, std::uint16_t channel, std::string_view body,
                       std::uint32_t frame_max) {
  if (frame_max != 0 && frame_max <= frame_overhead_bytes)
    throw Error{ReplyCode::frame_error,
                "a frame of " + std::to_string(frame_max) + " bytes has no room for a body"};
  const std::size_t piece_max = frame_max == 0 ? body.size() : frame_max - frame_overhead_bytes;
  while (!body.empty()) {
    const std::string_view piece = body.substr(0, std::min(piece_max, body.size()));
    write_body_frame_header(out, channel, piece.size());
    out.append(piece);
    out += static_cast<char>(frame_end);
    body.remove_prefix(piece.size());
  }
}

}  // namespace leveret::amqp
