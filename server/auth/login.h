#pragma once

#include <cstdint>
#include <string_view>

namespace leveret::auth {

/// By what somebody logs in.
enum class Protocol : std::uint8_t { amqp, http };
/// RabbitMQ's name of it.
inline std::string_view name_of(Protocol protocol) {
  return protocol == Protocol::amqp ? "amqp091" : "http";
}

/// An attempt to log in; a view of what the peer has sent.
struct Login {
  std::string_view user;
  /// Or a token (tokens.h), which may come without a user.
  std::string_view password;
  bool peer_is_loopback = false;
  /// The peer's, empty when there is none.
  std::string_view address = {};
  Protocol protocol = Protocol::http;
};

}  // namespace leveret::auth
