#pragma once

#include <span>
#include <unordered_map>
#include <vector>

#include "store/batch.h"
#include "store/queue_state.h"

namespace leveret::store {

struct SeqRange {
  broker::Seq first = 0;
  broker::Seq last = 0;
  bool operator==(const SeqRange&) const = default;
};

struct PlannedAppend {
  const Op* op = nullptr;
  std::uint32_t delivery_count = 0;
  bool is_cancelled = false;
};

struct DeliveryCount {
  broker::Seq seq = 0;
  std::uint32_t count = 0;
};

/// What a batch comes to for one queue.
struct QueuePlan {
  bool is_new = false;
  bool is_dropped = false;
  /// The highest seq before this batch: what is stored is at or below it, what is appended above.
  broker::Seq stored_last_seq = 0;
  /// Positions in BatchPlan::appends, by rising seq.
  std::vector<std::uint32_t> appends;
  /// Stored entries to delete: sorted and joined where they touch.
  std::vector<SeqRange> removals;
  std::vector<DeliveryCount> delivery_counts;
  /// The highest recorded in this batch, 0 for none.
  broker::Seq last_seq = 0;
  broker::Seq delivered_mark = 0;
};

/// A batch folded to what it changes in the end: what is appended and removed within it is gone,
/// removals are ranges. Holds pointers into the batch.
struct BatchPlan {
  std::vector<const TopologyOp*> topology;
  /// In order of arrival.
  std::vector<PlannedAppend> appends;
  std::unordered_map<QueueId, QueuePlan> queues;
};

/// Folds `ops`, given the queues that are stored already. Throws std::logic_error for a queue that
/// is not known, a seq that does not rise or is past seq_max.
BatchPlan plan_batch(std::span<const Op> ops, const QueueStates& stored);
/// The same of two batches, one after the other.
BatchPlan plan_batches(std::span<const Op> first, std::span<const Op> second,
                       const QueueStates& stored);

/// The same of what comes first and the first turns of a batch, as many as are said. What they
/// append and a later turn takes back, which does nothing else, is left out: that turn will find
/// nothing.
BatchPlan plan_front(std::span<const Op> first, const Batch& batch, std::size_t turn_count,
                     const QueueStates& stored);

/// Folds only these turns of the batch, which take no room, for a full disk. Queues that are not
/// stored yet are passed over.
BatchPlan plan_removals(const Batch& batch, std::span<Turn* const> turns,
                        const QueueStates& stored);

}  // namespace leveret::store
