#pragma once

#include <set>
#include <span>
#include <unordered_map>

#include "store/batch.h"
#include "store/queue_state.h"

namespace leveret::store {

/// Turns that are in the redo log and not in the file yet, and those that came between them and
/// need not be anywhere, since they changed nothing in the end.
class Unapplied {
 public:
  bool is_empty() const { return turns_.is_empty(); }
  std::size_t op_count() const { return turns_.ops.size(); }
  /// What their messages take.
  std::size_t bytes() const { return bytes_; }

  /// Whether a start would be none the wiser for these turns, were they to follow: every message
  /// that they append is removed by them, and nothing else is. May say no although it is so.
  bool would_be_settled(const Batch& turns, const QueueStates& stored) const;
  /// Puts them behind these, and leaves `turns` empty. They do not count for
  /// Journal::pending_bytes any more.
  void take(Batch& turns);
  /// Puts all of these in front of `turns`.
  void put_before(Batch& turns);

 private:
  using Messages = std::unordered_map<QueueId, std::set<broker::Seq>>;

  Batch turns_;
  std::size_t bytes_ = 0;
  /// Of the messages that they append, those that they do not remove.
  Messages messages_;
};

}  // namespace leveret::store
