#pragma once

#include <cstdint>

#include "base/clock.h"
#include "base/ids.h"
#include "broker/command.h"
#include "broker/journal.h"
#include "broker/message.h"

namespace leveret::broker {

/// Which publish waits for a message to be safe: named, not pointed to, since its channel may be
/// gone.
struct ConfirmOrigin {
  ConnectionId connection;
  std::uint64_t channel_serial = 0;  // 0: nobody waits
  std::uint64_t publish_number = 0;
  ChannelNumber channel = 0;
};

/// One message's stay in one queue, while it is in memory.
struct Entry {
  Seq seq = 0;
  /// Null once it has been let go: it is read back before anybody needs it.
  MessagePtr message;
  ContentId content = 0;
  /// 0: never.
  TimeMs expires_at = 0;
  /// The keeper's transaction that holds it.
  CommitNumber commit = 0;
  ConfirmOrigin origin;
  std::uint32_t delivery_count = 0;
  std::uint8_t priority = 0;  // of its level in the queue
  bool is_redelivered = false;
  Keeper keeper = Keeper::memory;
  /// What is kept of a message that has been let go.
  bool had_own_ttl = false;
  std::uint32_t had_body_bytes = 0;

  /// Over a restart.
  bool is_stored() const { return keeper == Keeper::journal; }
  /// Whether the message can be read back while the broker runs.
  bool is_kept() const { return keeper != Keeper::memory; }

  /// Only while the message is kept.
  void let_go() {
    had_own_ttl = has_own_ttl();
    had_body_bytes = static_cast<std::uint32_t>(body_bytes());
    message = {};
  }
  std::size_t body_bytes() const { return message ? message->body().size() : had_body_bytes; }
  bool has_own_ttl() const { return message ? message->ttl_ms() >= 0 : had_own_ttl; }
  /// When it expires, if it has an `expiration` of its own; else 0. What expires by its queue's TTL
  /// only does so in order.
  TimeMs own_expiry() const { return expires_at != 0 && has_own_ttl() ? expires_at : 0; }
};

}  // namespace leveret::broker
