#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <variant>
#include <vector>

#include "broker/journal.h"

namespace leveret::store {

struct PutExchange {
  broker::ExchangeRecord record;
};
struct DropExchange {
  std::string name;
};
struct PutQueue {
  broker::QueueRecord record;
};
struct DropQueue {
  QueueId id;
  std::string name;
};
struct PutBinding {
  broker::BindingRecord record;
};
struct DropBinding {
  broker::BindingRecord record;
};
struct PutPolicy {
  broker::PolicyRecord record;
};
struct DropPolicy {
  broker::PolicyKind kind = broker::PolicyKind::policy;
  std::string name;
};
using TopologyOp = std::variant<PutExchange, DropExchange, PutQueue, DropQueue, PutBinding,
                                DropBinding, PutPolicy, DropPolicy>;

/// One recorded call of the Journal. Messages are the many; what else there is stands behind a
/// pointer.
struct Op {
  enum class Kind : std::uint8_t { topology, append, remove, remove_range, delivery_count, mark };

  Kind kind = Kind::topology;
  std::uint32_t delivery_count = 0;
  QueueId queue;
  broker::Seq seq = 0;
  broker::Seq last_seq = 0;       // of remove_range
  broker::ContentId content = 0;  // of append
  broker::MessagePtr message;     // of append
  std::unique_ptr<TopologyOp> topology;

  bool removes() const { return kind == Kind::remove || kind == Kind::remove_range; }
  /// The last of those that it removes.
  broker::Seq removes_up_to() const { return kind == Kind::remove_range ? last_seq : seq; }
  /// Messages that it is about, or 1.
  std::uint64_t message_count() const { return removes() ? removes_up_to() - seq + 1 : 1; }
};

/// One turn of the core: applied whole or not at all.
struct Turn {
  broker::CommitNumber number = 0;
  /// Its ops in Batch::ops: the first, and one past the last.
  std::size_t ops_begin = 0;
  std::size_t ops_end = 0;
  /// It takes no room: nothing but removals and delivered marks.
  bool only_removes = true;
  /// What it removes that is stored has been removed already, ahead of the turns before it.
  bool is_done_ahead = false;
  /// Its part of Batch::bytes.
  std::size_t bytes = 0;
};

/// Whole turns, in order: what one transaction will hold.
struct Batch {
  std::vector<Op> ops;
  std::vector<Turn> turns;
  /// What it counts for in Journal::pending_bytes.
  std::size_t bytes = 0;

  bool is_empty() const { return turns.empty(); }
  std::span<const Op> ops_of(const Turn& turn) const {
    return std::span{ops}.subspan(turn.ops_begin, turn.ops_end - turn.ops_begin);
  }
  std::size_t count_appends() const;
  /// Messages that its ops are about, where one op counts as a million at most: a range may end
  /// beyond all that there is.
  std::uint64_t message_count() const;
  /// Takes the turns of `later` behind its own and leaves `later` empty.
  void take(Batch& later);
  /// So many turns in front that they append no fewer messages and have no fewer bytes than this,
  /// or all there are.
  std::size_t turns_that_append(std::size_t messages, std::size_t bytes_min) const;
  /// Splits off that many turns.
  Batch take_front(std::size_t turn_count);
  /// Splits off what is in front: up to the last turn that only removes, since what came after it
  /// is not settled yet; everything when there is no such turn. There are no ops of an open turn.
  Batch take_settled();
  void clear();
};

}  // namespace leveret::store
