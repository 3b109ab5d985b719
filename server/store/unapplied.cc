#include "store/unapplied.h"

#include <algorithm>
#include <cstdint>
#include <ranges>
#include <utility>
#include <vector>

namespace leveret::store {
namespace {

/// Those of a queue's messages that a removal is about.
auto removed_by(const Op& removal, auto& seqs) {
  return std::ranges::subrange(seqs.lower_bound(removal.seq),
                               seqs.upper_bound(removal.removes_up_to()));
}

}  // namespace

bool Unapplied::would_be_settled(const Batch& turns, const QueueStates& stored) const {
  std::uint64_t removed = 0;
  for (const Op& op : turns.ops)
    if (op.removes()) removed += op.message_count();
  if (turns.count_appends() != removed) return false;
  Messages own;
  std::vector<QueueId> marked;
  for (const Op& op : turns.ops) {
    switch (op.kind) {
      case Op::Kind::append: own[op.queue].insert(op.seq); break;
      case Op::Kind::remove:
      case Op::Kind::remove_range: {
        auto& seqs = own[op.queue];
        const auto gone = removed_by(op, seqs);
        if (static_cast<std::uint64_t>(std::ranges::distance(gone)) != op.message_count())
          return false;
        seqs.erase(gone.begin(), gone.end());
        break;
      }
      case Op::Kind::delivery_count:
        if (!own[op.queue].contains(op.seq)) return false;
        break;
      case Op::Kind::mark: marked.push_back(op.queue); break;
      default: return false;
    }
  }
  // A mark says something of the messages that are there.
  return std::ranges::none_of(marked, [&](QueueId queue) {
    const auto waiting = messages_.find(queue);
    const auto state = stored.find(queue);
    return (waiting != messages_.end() && !waiting->second.empty()) ||
           (state != stored.end() && state->second.message_count > 0);
  });
}

bool Unapplied::is_touched_by(std::span<const Op> ops) const {
  return std::ranges::any_of(ops, [this](const Op& op) {
    const auto found = messages_.find(op.queue);
    return found != messages_.end() && op.removes() && !removed_by(op, found->second).empty();
  });
}

void Unapplied::take(Batch& turns) {
  for (const Op& op : turns.ops) {
    if (op.kind == Op::Kind::append) {
      ++append_count_;
      messages_[op.queue].insert(op.seq);
    } else if (op.removes()) {
      auto& seqs = messages_[op.queue];
      const auto gone = removed_by(op, seqs);
      seqs.erase(gone.begin(), gone.end());
    }
  }
  message_count_ += turns.message_count();
  bytes_ += std::exchange(turns.bytes, 0);
  turns_.take(turns);
}

void Unapplied::clear() {
  turns_.clear();
  append_count_ = message_count_ = bytes_ = 0;
  messages_.clear();
}

}  // namespace leveret::store
