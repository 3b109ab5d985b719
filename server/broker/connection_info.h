#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "amqp/table.h"
#include "base/clock.h"

namespace leveret::broker {

class Access;

/// What a connection's TLS has come to, in the words of RabbitMQ's management API.
struct TlsInfo {
  std::string protocol;      // "tlsv1.3"
  std::string key_exchange;  // "any" with TLS 1.3, "ecdhe_rsa"
  std::string cipher;        // "aes_256_gcm"
  std::string hash;          // "aead"
  // Empty without a client certificate.
  std::string peer_cert_subject;  // "CN=worker,O=Example"
  std::string peer_cert_issuer;
  std::string peer_cert_validity;
};

/// As the management API calls it. `flow`: it had to wait for the store just now. `blocking`: an
/// alarm is on, and it has not published since; `blocked`: it has.
enum class ConnectionState : std::uint8_t { running, flow, blocking, blocked };

/// What the session knows of a client once its connection is open.
struct ConnectionInfo {
  std::string name;  // "127.0.0.1:50000 -> 127.0.0.1:5672"
  std::string user;
  std::string auth_mechanism;
  std::string peer_host;
  std::uint16_t peer_port = 0;
  std::string host;
  std::uint16_t port = 0;
  amqp::Table client_properties;
  TimeMs connected_at = 0;
  std::uint16_t channel_max = 0;
  std::uint32_t frame_max = 0;
  std::uint16_t heartbeat_s = 0;
  /// Nothing on a plain connection.
  std::optional<TlsInfo> tls;
  /// Announced in client-properties.capabilities.
  bool consumer_cancel_notify = false;
  bool connection_blocked = false;
  /// Null: everything.
  std::shared_ptr<const Access> access = {};
  /// The user's own limit of channels, 0 for none.
  std::uint16_t user_channels_max = 0;
  /// The id of the token that has proved the user; empty for a password or a certificate.
  std::string token = {};
};

}  // namespace leveret::broker
