#pragma once

#include <cstdint>

#include "base/clock.h"

namespace leveret::net {

/// Decides, from counters looked at now and then, when to send a heartbeat and when a peer is gone,
/// as RabbitMQ does (rabbit_heartbeat.erl): no timer is touched per frame. Without I/O.
class Liveness {
 public:
  enum class Verdict { fine, heartbeat_is_due, peer_is_silent, peer_is_stalled, message_is_stuck };

  struct Observation {
    TimeMs now = 0;
    /// Ever received and sent.
    std::uint64_t received_bytes = 0;
    std::uint64_t sent_bytes = 0;
    bool is_output_pending = false;
    /// We are not reading, so that silence is not the peer's.
    bool is_reading_paused = false;
    /// Memory is short, and what we hold is a part of a message, which we do not read on.
    bool is_message_held = false;
  };

  /// `heartbeat_s` is the interval of tune-ok; 0 turns heartbeats off. A peer that takes nothing
  /// for `stall_ms_max` while there is output for it is stalled; a message that is held for so long
  /// is stuck.
  Liveness(std::uint16_t heartbeat_s, TimeMs stall_ms_max, TimeMs now)
      : interval_ms_(TimeMs{heartbeat_s} * 1000),
        stall_ms_max_(stall_ms_max),
        received_at_(now),
        sent_at_(now),
        drained_at_(now),
        free_at_(now) {}

  /// How often to look, in milliseconds.
  TimeMs period_ms() const;
  Verdict check(const Observation& seen);

 private:
  TimeMs interval_ms_;
  TimeMs stall_ms_max_;
  TimeMs received_at_;
  TimeMs sent_at_;
  TimeMs drained_at_;
  TimeMs free_at_;
  std::uint64_t received_bytes_ = 0;
  std::uint64_t sent_bytes_ = 0;
};

}  // namespace leveret::net
