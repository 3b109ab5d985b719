#pragma once

#include <cstdint>

namespace leveret::broker {

/// Why a message left a queue other than through its consumer.
enum class DeathReason : std::uint8_t { rejected, expired, maxlen, delivery_limit };
inline constexpr int death_reason_count = 4;

/// What has happened since the start, counted where it happens. Only ever rises.
struct MessageStats {
  std::uint64_t publish = 0;  // into a queue or, for an exchange or the whole, by a client
  std::uint64_t deliver = 0;  // to a consumer that acknowledges
  std::uint64_t deliver_no_ack = 0;
  std::uint64_t get = 0;  // basic.get that is acknowledged
  std::uint64_t get_no_ack = 0;
  std::uint64_t ack = 0;
  std::uint64_t redeliver = 0;
  std::uint64_t confirm = 0;
  std::uint64_t return_unroutable = 0;
  std::uint64_t drop_unroutable = 0;
  std::uint64_t dead_lettered = 0;  // published again through a dead-letter exchange
  /// Gone for good, by reason: no dead-letter exchange, none of that name, no route from it, or a
  /// cycle.
  std::uint64_t dropped[death_reason_count] = {};
  std::uint64_t purged = 0;

  std::uint64_t deliver_get() const { return deliver + deliver_no_ack + get + get_no_ack; }
};

}  // namespace leveret::broker
