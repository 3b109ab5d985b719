#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace leveret {

/// Limits on what others can make grow. Each has a setting, or is RabbitMQ's of a user or of a
/// virtual host.
enum class Limit : std::uint8_t {
  connections,
  connections_per_address,
  handshakes,
  handshakes_per_address,
  handshake_time,
  channels,
  consumers,
  message_bytes,
  unfinished_bytes,
  table_depth,
  table_values,
  client_properties_bytes,
  output_time,
  exchanges,
  queues,
  bindings,
  argument_bytes,
  policies,
  operations,
  transaction_bytes,
  user_connections,
  user_channels,
  vhost_connections,
  vhost_queues,
  http_connections,
  http_connections_per_address,
  http_requests,
  http_header_bytes,
  http_body_bytes,
  http_buffered_bytes,
  http_tokens,
  http_header_time,
  http_transfer_time,
};

/// How they are called, in their order: by the name of the setting.
inline constexpr std::array<std::string_view, 33> limit_names = {
    "amqp.connections_max",
    "amqp.connections_per_address_max",
    "amqp.handshakes_max",
    "amqp.handshakes_per_address_max",
    "amqp.handshake_ms",
    "amqp.channel_max",
    "amqp.consumers_per_channel_max",
    "amqp.message_bytes_max",
    "amqp.unfinished_bytes_max",
    "amqp.table_depth_max",
    "amqp.table_values_max",
    "amqp.client_properties_bytes_max",
    "amqp.stall_ms",
    "limits.exchanges_max",
    "limits.queues_max",
    "limits.bindings_max",
    "limits.argument_bytes_max",
    "limits.policies_max",
    "limits.operations_max",
    "limits.transaction_bytes_max",
    "user max-connections",
    "user max-channels",
    "vhost max-connections",
    "vhost max-queues",
    "http.connections_max",
    "http.connections_per_address_max",
    "http.requests_max",
    "http.header_bytes_max",
    "http.body_bytes_max",
    "http.buffered_bytes_max",
    "http.tokens_per_user_max",
    "http.header_timeout_ms",
    "http.transfer_timeout_ms",
};

/// How often each has been reached since the start: whoever reaches one gets its error, and whoever
/// watches sees it here. One for the process, as its log is, since limits stand everywhere; touched
/// only when one is reached.
class LimitCounts {
 public:
  void add(Limit limit) {
    counts_[static_cast<std::size_t>(limit)].fetch_add(1, std::memory_order_relaxed);
  }
  /// `index` as in limit_names.
  std::uint64_t at(std::size_t index) const {
    return counts_[index].load(std::memory_order_relaxed);
  }
  std::uint64_t of(Limit limit) const { return at(static_cast<std::size_t>(limit)); }

 private:
  std::array<std::atomic<std::uint64_t>, limit_names.size()> counts_{};
};

/// Any thread.
inline LimitCounts limits_reached;

}  // namespace leveret
