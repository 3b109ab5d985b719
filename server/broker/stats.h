#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "base/histogram.h"

namespace leveret::broker {

/// Why a message left a queue other than through its consumer.
enum class DeathReason : std::uint8_t { rejected, expired, maxlen, delivery_limit };
inline constexpr int death_reason_count = 4;

/// What has come from and gone to a client since its connection was opened: methods with their
/// messages, and octets of the socket.
struct Traffic {
  std::uint64_t received = 0;
  std::uint64_t received_octets = 0;
  std::uint64_t sent = 0;
  std::uint64_t sent_octets = 0;
};

Traffic& operator+=(Traffic& sum, const Traffic& traffic);

/// What has happened since the start, counted where it happens. Only ever rises.
struct MessageStats {
  std::uint64_t publish = 0;  // into a queue or, for an exchange or the whole, by a client
  std::uint64_t deliver = 0;  // to a consumer that acknowledges
  std::uint64_t deliver_no_ack = 0;
  std::uint64_t get = 0;  // basic.get that is acknowledged
  std::uint64_t get_no_ack = 0;
  std::uint64_t get_empty = 0;  // basic.get that found nothing
  std::uint64_t ack = 0;
  std::uint64_t redeliver = 0;
  std::uint64_t confirm = 0;
  std::uint64_t return_unroutable = 0;
  std::uint64_t drop_unroutable = 0;
  /// Published again through a dead-letter exchange, by reason.
  std::uint64_t dead_lettered[death_reason_count] = {};
  /// Gone for good, by reason: no dead-letter exchange, none of that name, no route from it, or a
  /// cycle.
  std::uint64_t dropped[death_reason_count] = {};
  std::uint64_t purged = 0;

  std::uint64_t deliver_get() const { return deliver + deliver_no_ack + get + get_no_ack; }
  std::uint64_t all_dead_lettered() const {
    std::uint64_t sum = 0;
    for (const std::uint64_t count : dead_lettered) sum += count;
    return sum;
  }
};

/// Adds the counters of one part to those of the whole.
MessageStats& operator+=(MessageStats& sum, const MessageStats& stats);

/// What messages are counted by besides their queue: its type, or `none` for what happens before a
/// message has a queue, and for direct replies, which have none.
enum class QueueKind : std::uint8_t { none, classic, quorum };
inline constexpr std::size_t queue_kind_count = 3;

/// Comings and goings since the start.
struct ChurnStats {
  std::uint64_t connections_opened = 0;
  std::uint64_t connections_closed = 0;
  std::uint64_t channels_opened = 0;
  std::uint64_t channels_closed = 0;
  /// Declarations, of new queues and of those that there are.
  std::uint64_t queues_declared = 0;
  std::uint64_t queues_created = 0;
  std::uint64_t queues_deleted = 0;
};

/// Adds those of one part to those of the whole.
ChurnStats& operator+=(ChurnStats& sum, const ChurnStats& stats);

/// What a journal has done since the start, and `log_bytes`, how large its log is now.
struct JournalStats {
  std::uint64_t commits = 0;
  /// Messages that were recorded, and those of them that were settled before they were written.
  std::uint64_t messages_recorded = 0;
  std::uint64_t messages_settled_unwritten = 0;
  /// In seconds: a transaction, or a record of the redo log, until it is on disk; and from the
  /// moment that a batch is begun to be gathered to that.
  Histogram commit_seconds;
  Histogram wait_seconds;
  /// Messages written at once.
  Histogram batch_messages;
  std::uint64_t log_bytes = 0;
};

/// All that one virtual host counts since its start. Only ever rises, but for the journal's log.
struct VhostCounters {
  std::array<MessageStats, queue_kind_count> messages;
  ChurnStats churn;
  /// Published on channels that asked for confirms.
  std::uint64_t publish_confirm = 0;
  /// Copies of messages that were routed to queues.
  std::uint64_t routed = 0;
  /// Of connections that have been closed.
  Traffic closed_traffic;
  /// Bodies that clients published, in bytes.
  Histogram message_bytes;
  JournalStats journal;

  /// Of all kinds.
  MessageStats all_messages() const;
};
VhostCounters& operator+=(VhostCounters& sum, const VhostCounters& counters);

/// As RabbitMQ has them (prometheus_rabbitmq_message_size_metrics_collector.erl).
extern const std::array<double, 8> message_bytes_bounds;

}  // namespace leveret::broker
