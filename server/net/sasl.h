#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace leveret::net {

struct Credentials {
  std::string user;
  std::string password;
};

/// What connection.start offers, separated by spaces.
inline constexpr std::string_view sasl_mechanisms = "PLAIN AMQPLAIN";

bool is_known_mechanism(std::string_view mechanism);

/// Reads start-ok's response: "\0user\0password" for PLAIN (RFC 4616; an authorisation identity in
/// front is ignored, as RabbitMQ does), a field table without its length and with LOGIN and
/// PASSWORD for AMQPLAIN. Nothing when it is malformed.
std::optional<Credentials> read_credentials(std::string_view mechanism, std::string_view response);

}  // namespace leveret::net
