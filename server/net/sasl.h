#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace leveret::net {

struct Credentials {
  std::string user;
  std::string password;
};

/// What connection.start offers, separated by spaces. EXTERNAL is what a TLS client certificate
/// proves: RabbitMQ offers it only to a peer that shows one (rabbit_auth_mechanism_ssl.erl,
/// should_offer), so without client certificates it is an unknown mechanism like any other.
inline constexpr std::string_view sasl_mechanisms = "PLAIN AMQPLAIN";

bool is_known_mechanism(std::string_view mechanism);

/// Reads start-ok's response: "\0user\0password" for PLAIN (RFC 4616; an authorisation identity in
/// front is ignored, as RabbitMQ does), a field table without its length and with LOGIN and
/// PASSWORD for AMQPLAIN. Nothing when it is malformed.
std::optional<Credentials> read_credentials(std::string_view mechanism, std::string_view response);

}  // namespace leveret::net
