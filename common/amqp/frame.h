#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "amqp/methods.h"

namespace leveret::amqp {

enum class FrameType : std::uint8_t { method = 1, header = 2, body = 3, heartbeat = 8 };

/// Type, channel and size in front of a payload, and the end octet behind it (4.2.3).
inline constexpr std::size_t frame_header_bytes = 7;
inline constexpr std::size_t frame_overhead_bytes = frame_header_bytes + 1;
inline constexpr std::uint8_t frame_end = 0xCE;
/// What every peer must accept before tuning (4.2.3); RabbitMQ 4.1 asks for 8192.
inline constexpr std::uint32_t frame_min_size = 4096;
/// "AMQP" 0 0 9 1: what a client opens with, and what a server answers to anything else (4.2.2).
inline constexpr std::string_view protocol_header{"AMQP\x00\x00\x09\x01", 8};

/// One frame; `payload` is a view into the buffer that was read.
struct Frame {
  FrameType type;
  std::uint16_t channel;
  std::string_view payload;
  std::size_t total_bytes() const { return payload.size() + frame_overhead_bytes; }
};

/// Reads the frame at the start of `buffer`. Nothing when the buffer does not hold it whole yet.
/// `frame_max` is the whole frame's size limit in bytes, 0 for none. Throws Error{frame_error} for
/// an unknown type, a size beyond the limit (as soon as the header is there) and a missing end
/// octet.
std::optional<Frame> read_frame(std::string_view buffer, std::uint32_t frame_max);

/// The content header's payload (4.2.6.1).
struct ContentHeader {
  std::uint16_t class_id;
  std::uint64_t body_bytes;
  /// Flags and list, as they came.
  std::string_view properties;
};
/// Throws Error{syntax_error} for anything malformed, in the properties too: what is queued is not
/// looked at again before something needs it, and must not fail then.
ContentHeader read_content_header(std::string_view payload,
                                  TableLimits limits = peer_table_limits.get());

/// Throws Error{syntax_error} for a text that its field cannot hold; `out` is then as it was.
void write_method_frame(std::string& out, std::uint16_t channel, const Method& method);
void write_header_frame(std::string& out, std::uint16_t channel, std::uint64_t body_bytes,
                        std::string_view properties);
void write_heartbeat_frame(std::string& out);
/// Appends a body frame's header only, for a body that is written from where it lies; the end octet
/// has to follow it.
void write_body_frame_header(std::string& out, std::uint16_t channel, std::size_t payload_bytes);
/// Appends the body, cut into frames of at most `frame_max` bytes in all (0: one frame). Nothing
/// for an empty body. Throws Error{frame_error} for a `frame_max` without room for a payload.
void write_body_frames(std::string& out, std::uint16_t channel, std::string_view body,
                       std::uint32_t frame_max);

}  // namespace leveret::amqp
