#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace leveret::net {

struct Credentials {
  std::string user;
  std::string password;
  /// TLS has proved who it is (EXTERNAL): there is no password to check.
  bool is_proved = false;
};

/// What TLS has told of a client, for the mechanism EXTERNAL.
struct ClientCertificate {
  /// The user that it stands for; nothing when it has no such name.
  std::optional<std::string> user;
};

/// What connection.start offers, separated by spaces. EXTERNAL is offered to a client that has
/// shown a good certificate.
std::string offered_mechanisms(bool has_certificate);

/// PLAIN or AMQPLAIN.
bool is_password_mechanism(std::string_view mechanism);

/// Reads start-ok's response: "\0user\0password" for PLAIN (RFC 4616; an authorisation identity in
/// front is ignored, as RabbitMQ does), a field table without its length and with LOGIN and
/// PASSWORD for AMQPLAIN. Nothing when it is malformed.
std::optional<Credentials> read_credentials(std::string_view mechanism, std::string_view response);

}  // namespace leveret::net
