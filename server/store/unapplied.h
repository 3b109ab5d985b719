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
  std::span<const Op> ops() const { return turns_.ops; }
  /// The last turn.
  broker::CommitNumber number() const { return turns_.turns.back().number; }
  std::size_t append_count() const { return append_count_; }
  /// Messages that they are about.
  std::uint64_t message_count() const { return message_count_; }
  /// What their messages take.
  std::size_t bytes() const { return bytes_; }

  /// Whether a start would be none the wiser for these turns, were they to follow: every message
  /// that they append is removed by them, and nothing else is. May say no although it is so.
  bool would_be_settled(const Batch& turns, const QueueStates& stored) const;
  /// Whether some of these would remove a message that is only here.
  bool is_touched_by(std::span<const Op> ops) const;
  /// Puts them behind these, and leaves `turns` empty.
  void take(Batch& turns);
  /// They have been applied.
  void clear();

 private:
  using Messages = std::unordered_map<QueueId, std::set<broker::Seq>>;

  Batch turns_;
  std::size_t append_count_ = 0;
  std::uint64_t message_count_ = 0;
  std::size_t bytes_ = 0;
  /// Of the messages that they append, those that they do not remove.
  Messages messages_;
};

}  // namespace leveret::store
