#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace leveret::client {

/// Where a broker is and who logs in: amqp://user:password@host:port/vhost, as RabbitMQ's URI
/// specification has it. User, password, host and vhost may be percent-encoded; every part has a
/// default.
struct Url {
  std::string user = "guest";
  std::string password = "guest";
  std::string host = "127.0.0.1";
  std::uint16_t port = 5672;
  std::string vhost = "/";
  /// Seconds, from "?heartbeat=N"; 0 turns heartbeats off.
  std::optional<std::uint16_t> heartbeat_s;

  /// Parses `text`. An empty path means the vhost "/". Throws std::invalid_argument with what is
  /// wrong; the text of the exception never repeats user or password.
  static Url parse(std::string_view text);

  /// "host:port", IPv6 addresses in brackets.
  std::string authority() const;
  /// The URL without the password, for people to read.
  std::string to_string() const;

  bool operator==(const Url&) const = default;
};

/// "%2F" as "/"; throws std::invalid_argument when a percent sign is not followed by two hex
/// digits.
std::string percent_decode(std::string_view text);
/// Everything but RFC 3986's unreserved characters as %XX.
std::string percent_encode(std::string_view text);

/// scheme://user:password@host:port/path?query cut into its parts, nothing decoded but user and
/// password. Shared by AMQP and HTTP addresses.
struct UrlParts {
  std::string_view scheme;
  std::optional<std::string> user;
  std::optional<std::string> password;
  std::string_view host;
  std::optional<std::uint16_t> port;
  std::string_view path;
  std::string_view query;
};
/// Throws std::invalid_argument as Url::parse does.
UrlParts split_url(std::string_view text);

}  // namespace leveret::client
