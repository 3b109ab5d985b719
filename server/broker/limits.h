#pragma once

#include <cstddef>
#include <cstdint>

namespace leveret::broker {

/// What one virtual host may hold and do; set from the configuration.
struct Limits {
  /// Messages and body bytes that a queue keeps in memory, of what waits and as much again of what
  /// consumers hold; what is stored beyond stays in the store.
  std::size_t queue_window_messages = 8192;
  std::size_t queue_window_bytes = std::size_t{8} << 20U;
  /// What transient messages that wait may take of memory, in bytes, of all queues together. When
  /// they do, those that come beyond a queue's window go to the transient store.
  std::size_t transient_bytes_max = std::size_t{128} << 20U;
  /// A larger message is refused with 406.
  std::uint64_t message_bytes_max = std::uint64_t{128} << 20U;
  /// Output waiting in one connection's session above which its consumers are not served.
  std::size_t outbox_bytes_max = std::size_t{1} << 20U;
  /// Recorded and uncommitted bytes above which publishing connections wait.
  std::size_t journal_pending_bytes_max = std::size_t{64} << 20U;
  /// The same for one connection's own: it waits for those, and nobody else's messages behind them.
  std::size_t connection_pending_bytes_max = std::size_t{4} << 20U;
  /// Messages that one command, or the end of a channel, settles in a turn; others have theirs
  /// before it goes on.
  std::size_t settled_per_turn = 1024;
  std::uint16_t channel_max = 2047;
  /// The next one is refused with RabbitMQ's error.
  std::size_t consumers_per_channel_max = 10'000;
  std::size_t exchanges_max = 100'000;
  std::size_t queues_max = 250'000;
  std::size_t bindings_max = 5'000'000;
  /// What the arguments of exchanges, queues, bindings and consumers may take of memory together.
  std::size_t argument_bytes_max = std::size_t{512} << 20U;
  /// Of users, and as many of operators.
  std::size_t policies_max = 10'000;
  /// Replays and removals that have not ended.
  std::size_t operations_max = 1'000;
  /// What the open transactions of one connection may have published; one message is always let in.
  std::uint64_t transaction_bytes_max = std::uint64_t{128} << 20U;
  /// How long a consumer of a quorum queue may hold a message, in milliseconds, unless it or its
  /// queue say otherwise; 0: for ever.
  std::int64_t consumer_timeout_ms = 1'800'000;
};

}  // namespace leveret::broker
