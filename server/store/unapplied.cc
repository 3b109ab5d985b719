#include "store/unapplied.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace leveret::store {

bool Unapplied::would_be_settled(const Batch& turns, const QueueStates& stored) const {
  std::size_t removed = 0;
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
        Seqs& seqs = own[op.queue];
        const auto first = seqs.lower_bound(op.seq);
        const auto end = seqs.upper_bound(op.removes_up_to());
        if (std::distance(first, end) != static_cast<std::ptrdiff_t>(op.message_count()))
          return false;
        seqs.erase(first, end);
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
    if (found == messages_.end()) return false;
    if (!op.removes()) return false;
    const auto first = found->second.lower_bound(op.seq);
    return first != found->second.end() && *first <= op.removes_up_to();
  });
}

void Unapplied::take(Batch& turns) {
  for (const Op& op : turns.ops) {
    if (op.kind == Op::Kind::append) {
      ++append_count_;
      messages_[op.queue].insert(op.seq);
    } else if (op.removes()) {
      Seqs& seqs = messages_[op.queue];
      seqs.erase(seqs.lower_bound(op.seq), seqs.upper_bound(op.removes_up_to()));
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
