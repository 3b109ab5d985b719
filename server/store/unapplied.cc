#include "store/unapplied.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace leveret::store {

bool Unapplied::would_be_settled(const Batch& turns, const QueueStates& stored) const {
  const auto count = [&turns](Op::Kind kind) {
    return std::ranges::count(turns.ops, kind, &Op::kind);
  };
  if (count(Op::Kind::append) != count(Op::Kind::remove)) return false;
  Messages own;
  std::vector<QueueId> marked;
  for (const Op& op : turns.ops) {
    switch (op.kind) {
      case Op::Kind::append: own[op.queue].insert(op.seq); break;
      case Op::Kind::remove:
        if (own[op.queue].erase(op.seq) == 0) return false;
        break;
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
    if (found == messages_.end()) return false;
    if (op.kind == Op::Kind::remove) return found->second.contains(op.seq);
    if (op.kind != Op::Kind::remove_range) return false;
    const auto first = found->second.lower_bound(op.seq);
    return first != found->second.end() && *first <= op.last_seq;
  });
}

void Unapplied::take(Batch& turns) {
  for (const Op& op : turns.ops) {
    if (op.kind == Op::Kind::append) {
      ++append_count_;
      messages_[op.queue].insert(op.seq);
    } else if (op.kind == Op::Kind::remove) {
      messages_[op.queue].erase(op.seq);
    } else if (op.kind == Op::Kind::remove_range) {
      auto& of_queue = messages_[op.queue];
      of_queue.erase(of_queue.lower_bound(op.seq), of_queue.upper_bound(op.last_seq));
    }
  }
  bytes_ += std::exchange(turns.bytes, 0);
  turns_.take(turns);
}

void Unapplied::clear() {
  turns_.clear();
  append_count_ = bytes_ = 0;
  messages_.clear();
}

}  // namespace leveret::store
