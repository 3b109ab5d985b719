#pragma once

#include <cstdint>
#include <string>

#include "amqp/table.h"
#include "base/clock.h"

namespace leveret::broker {

/// What the session knows of a client once its connection is open.
struct ConnectionInfo {
  std::string name;  // "127.0.0.1:50000 -> 127.0.0.1:5672", or the client's own
  std::string user;
  std::string peer_host;
  std::uint16_t peer_port = 0;
  std::string host;
  std::uint16_t port = 0;
  amqp::Table client_properties;
  TimeMs connected_at = 0;
  std::uint16_t channel_max = 0;
  std::uint32_t frame_max = 0;
  std::uint16_t heartbeat_s = 0;
  /// Announced in client-properties.capabilities.
  bool consumer_cancel_notify = false;
  bool connection_blocked = false;
};

}  // namespace leveret::broker
