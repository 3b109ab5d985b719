#pragma once

#include <string>
#include <string_view>

#include "amqp/frame.h"

/// Frames as a client sends them.
namespace leveret::net {

inline std::string method_frame(std::uint16_t channel, const amqp::Method& method) {
  std::string out;
  amqp::write_method_frame(out, channel, method);
  return out;
}

/// No properties at all.
inline constexpr std::string_view no_properties{"\0\0", 2};

inline std::string header_frame(std::uint16_t channel, std::uint64_t body_bytes,
                                std::string_view properties = no_properties) {
  std::string out;
  amqp::write_header_frame(out, channel, body_bytes, properties);
  return out;
}

inline std::string body_frame(std::uint16_t channel, std::string_view body) {
  std::string out;
  amqp::write_body_frames(out, channel, body, 0);
  return out;
}

inline std::string heartbeat_frame() {
  std::string out;
  amqp::write_heartbeat_frame(out);
  return out;
}

/// basic.publish with its header and one body frame.
inline std::string publish_frames(std::uint16_t channel, std::string_view exchange,
                                  std::string_view routing_key, std::string_view body) {
  return method_frame(channel,
                      amqp::basic::Publish{.exchange = exchange, .routing_key = routing_key}) +
         header_frame(channel, body.size()) + body_frame(channel, body);
}

}  // namespace leveret::net
