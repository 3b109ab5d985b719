#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace leveret::client {

/// How a connection by TLS checks the server and says who it is itself; the names are those of
/// RabbitMQ's URI query parameters.
struct TlsOptions {
  /// PEM: whose signature makes the server's certificate good; empty for whom the system trusts.
  std::string cacertfile;
  /// PEM: the client's certificate and its key, both or neither.
  std::string certfile;
  std::string keyfile;
  /// verify=verify_none takes any server for the right one.
  bool verifies_peer = true;
  /// server_name_indication: whom the server has to be, where that is not the URL's host.
  std::string server_name;

  /// Takes one parameter; false when its name is another one's. Throws std::invalid_argument.
  bool take(std::string_view name, std::string_view value);
  /// The parameters that say the same: "cacertfile=%2Fca.pem&verify=verify_peer".
  std::string query() const;
  bool operator==(const TlsOptions&) const = default;
};

/// Where a broker is and who logs in: amqp://user:password@host:port/vhost, or amqps:// for TLS, as
/// RabbitMQ's URI specification has it. User, password, host and vhost may be percent-encoded;
/// every part has a default.
struct Url {
  std::string user = "guest";
  std::string password = "guest";
  std::string host = "127.0.0.1";
  /// 5671 for amqps://.
  std::uint16_t port = 5672;
  std::string vhost = "/";
  /// Seconds, from "?heartbeat=N"; 0 turns heartbeats off.
  std::optional<std::uint16_t> heartbeat_s;
  bool is_tls = false;
  TlsOptions tls;
  /// auth_mechanism=external: the client's certificate logs in, not the password.
  bool is_external = false;

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
/// Calls `take(name, value)` for each parameter of `query`, decoded.
template <class Take>
void for_each_parameter(std::string_view query, Take take) {
  while (!query.empty()) {
    const std::string_view pair = query.substr(0, query.find('&'));
    query.remove_prefix(pair.size() == query.size() ? pair.size() : pair.size() + 1);
    const std::size_t equals = pair.find('=');
    const std::string value =
        equals == std::string_view::npos ? "" : percent_decode(pair.substr(equals + 1));
    take(pair.substr(0, equals), value);
  }
}

/// Throws std::invalid_argument as Url::parse does.
UrlParts split_url(std::string_view text);

}  // namespace leveret::client
