#include "net/liveness.h"

#include <algorithm>

namespace leveret::net {

TimeMs Liveness::period_ms() const {
  const TimeMs stall_period_ms = stall_ms_max_ / 3;
  return interval_ms_ == 0 ? stall_period_ms : std::min(interval_ms_ / 2, stall_period_ms);
}

Liveness::Verdict Liveness::check(const Observation& seen) {
  if (seen.received_bytes != received_bytes_ || seen.is_reading_paused) received_at_ = seen.now;
  if (seen.sent_bytes != sent_bytes_) sent_at_ = seen.now;
  if (seen.sent_bytes != sent_bytes_ || !seen.is_output_pending) drained_at_ = seen.now;
  if (!seen.is_message_held) free_at_ = seen.now;
  received_bytes_ = seen.received_bytes;
  sent_bytes_ = seen.sent_bytes;

  if (seen.now - drained_at_ >= stall_ms_max_) return Verdict::peer_is_stalled;
  if (seen.now - free_at_ >= stall_ms_max_) return Verdict::message_is_stuck;
  if (interval_ms_ == 0) return Verdict::fine;
  if (seen.now - received_at_ >= 2 * interval_ms_) return Verdict::peer_is_silent;
  if (!seen.is_output_pending && seen.now - sent_at_ >= interval_ms_ / 2)
    return Verdict::heartbeat_is_due;
  return Verdict::fine;
}

}  // namespace leveret::net
