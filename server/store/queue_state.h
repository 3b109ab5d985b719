#pragma once

#include <cstdint>
#include <unordered_map>

#include "broker/journal.h"

namespace leveret::store {

/// What the writer knows of a stored queue: its slot, and what `queue_counters` would say of all
/// its entries.
struct QueueState {
  std::uint32_t slot = 0;
  std::uint64_t message_count = 0;
  std::uint64_t body_bytes = 0;
  broker::Seq last_seq = 0;
  broker::Seq delivered_mark = 0;
  /// What of that a start would find.
  struct OnDisk {
    broker::Seq counted_seq = 0;  // the row's last_seq: what stands behind it is not in its counts
    broker::Seq last_seq = 0;     // by the row, or by an entry
    broker::Seq delivered_mark = 0;  // the row's
  };
  OnDisk on_disk = {};
};

/// Every queue as of the last commit.
using QueueStates = std::unordered_map<QueueId, QueueState>;

/// An entry's key holds its queue's slot above its seq: 2^20 durable queues at a time, 2^43
/// messages in the life of each (nearly three years at 100,000 a second).
inline constexpr unsigned seq_bits = 43;
inline constexpr broker::Seq seq_max = (broker::Seq{1} << seq_bits) - 1;
inline constexpr std::uint32_t slot_max = (1U << 20U) - 1;

constexpr std::int64_t entry_key(std::uint32_t slot, broker::Seq seq) {
  return static_cast<std::int64_t>((std::uint64_t{slot} << seq_bits) | seq);
}
constexpr broker::Seq seq_of_key(std::int64_t key) {
  return static_cast<std::uint64_t>(key) & seq_max;
}

}  // namespace leveret::store
