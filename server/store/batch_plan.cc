#include "store/batch_plan.h"

#include <algorithm>
#include <stdexcept>
#include <string>

namespace leveret::store {
namespace {

class Folder {
 public:
  explicit Folder(const QueueStates& stored) : stored_(stored) {}

  void fold(const Op& op) {
    switch (op.kind) {
      case Op::Kind::topology: return fold_topology(*op.topology);
      case Op::Kind::append: return append(queue(op.queue), op);
      case Op::Kind::remove: return remove(queue(op.queue), op.seq, op.seq);
      case Op::Kind::remove_range: return remove(queue(op.queue), op.seq, op.last_seq);
      case Op::Kind::delivery_count: return count(queue(op.queue), op);
      case Op::Kind::mark: {
        QueuePlan& plan = queue(op.queue);
        plan.delivered_mark = std::max(plan.delivered_mark, op.seq);
      }
    }
  }

  /// Has what is appended here and removed by a later turn not appended at all, if that is all that
  /// the turn removes, or all that it has left to: it is done whole or not at all.
  void look_ahead(std::span<const Op> turn, bool is_done_ahead) {
    const auto concerns = [&](const Op& op) { return concerns_appends_only(op); };
    if (!is_done_ahead && !std::ranges::all_of(turn, concerns)) return;
    for (const Op& op : turn) {
      const auto found = plan_.queues.find(op.queue);
      if (op.removes() && found != plan_.queues.end())
        cancel(found->second, op.seq, op.removes_up_to());
    }
  }

  bool knows(QueueId id) const { return stored_.contains(id); }

  BatchPlan finish() {
    for (auto& [id, queue] : plan_.queues) join(queue.removals);
    return std::move(plan_);
  }

 private:
  void fold_topology(const TopologyOp& op) {
    plan_.topology.push_back(&op);
    if (const auto* put = std::get_if<PutQueue>(&op)) {
      plan_of(put->record.id).is_new = !stored_.contains(put->record.id);
    } else if (const auto* drop = std::get_if<DropQueue>(&op)) {
      QueuePlan& plan = queue(drop->id);
      for (const std::uint32_t index : plan.appends) plan_.appends[index].is_cancelled = true;
      const bool is_new = plan.is_new;
      plan = {};
      plan.is_new = is_new;
      plan.is_dropped = true;
    }
  }

  void append(QueuePlan& plan, const Op& op) {
    const broker::Seq before = std::max(plan.last_seq, plan.stored_last_seq);
    if (op.seq <= before || op.seq > seq_max)
      throw std::logic_error("queue " + std::to_string(op.queue.value) + ": message " +
                             std::to_string(op.seq) + " appended after " + std::to_string(before));
    plan.last_seq = op.seq;
    plan.appends.push_back(static_cast<std::uint32_t>(plan_.appends.size()));
    plan_.appends.push_back({&op});
  }

  /// Cancels what this batch appended in the range; the rest of it can only be in the store.
  void remove(QueuePlan& plan, broker::Seq first, broker::Seq last) {
    const broker::Seq stored_last = std::min(last, plan.stored_last_seq);
    if (first <= stored_last) plan.removals.push_back({first, stored_last});
    cancel(plan, first, last);
  }

  bool concerns_appends_only(const Op& op) const {
    if (!op.removes()) return true;
    const auto found = plan_.queues.find(op.queue);
    if (found == plan_.queues.end() || found->second.appends.empty()) return false;
    const std::vector<std::uint32_t>& appends = found->second.appends;
    return op.seq >= seq_at(appends.front()) && op.removes_up_to() <= seq_at(appends.back());
  }

  void cancel(const QueuePlan& plan, broker::Seq first, broker::Seq last) {
    for (auto i = first_at(plan, first); i != plan.appends.end() && seq_at(*i) <= last; ++i)
      plan_.appends[*i].is_cancelled = true;
  }

  void count(QueuePlan& plan, const Op& op) {
    const auto index = first_at(plan, op.seq);
    if (index != plan.appends.end() && seq_at(*index) == op.seq)
      plan_.appends[*index].delivery_count = op.delivery_count;
    else
      plan.delivery_counts.push_back({op.seq, op.delivery_count});
  }

  QueuePlan& queue(QueueId id) {
    if (last_ && last_id_ == id && !last_->is_dropped) return *last_;
    const auto found = plan_.queues.find(id);
    const bool known =
        found == plan_.queues.end() ? stored_.contains(id) : !found->second.is_dropped;
    if (!known)
      throw std::logic_error("queue " + std::to_string(id.value) + " is not in the store");
    last_id_ = id;
    last_ = &plan_of(id);
    return *last_;
  }

  QueuePlan& plan_of(QueueId id) {
    const auto [found, is_first] = plan_.queues.try_emplace(id);
    if (const auto stored = stored_.find(id); is_first && stored != stored_.end())
      found->second.stored_last_seq = stored->second.last_seq;
    return found->second;
  }

  broker::Seq seq_at(std::uint32_t append) const { return plan_.appends[append].op->seq; }
  std::vector<std::uint32_t>::const_iterator first_at(const QueuePlan& plan,
                                                      broker::Seq seq) const {
    return std::ranges::lower_bound(plan.appends, seq, {},
                                    [this](std::uint32_t i) { return seq_at(i); });
  }

  static void join(std::vector<SeqRange>& ranges) {
    std::ranges::sort(ranges, {}, &SeqRange::first);
    std::size_t kept = 0;
    for (const SeqRange& range : ranges) {
      if (kept > 0 && range.first <= ranges[kept - 1].last + 1)
        ranges[kept - 1].last = std::max(ranges[kept - 1].last, range.last);
      else
        ranges[kept++] = range;
    }
    ranges.resize(kept);
  }

  const QueueStates& stored_;
  BatchPlan plan_;
  // Ops come in runs for one queue. References into an unordered_map stay valid.
  QueueId last_id_;
  QueuePlan* last_ = nullptr;
};

}  // namespace

BatchPlan plan_batch(std::span<const Op> ops, const QueueStates& stored) {
  return plan_batches({}, ops, stored);
}

BatchPlan plan_batches(std::span<const Op> first, std::span<const Op> second,
                       const QueueStates& stored) {
  Folder folder(stored);
  for (const Op& op : first) folder.fold(op);
  for (const Op& op : second) folder.fold(op);
  return folder.finish();
}

BatchPlan plan_front(std::span<const Op> first, const Batch& batch, std::size_t turn_count,
                     const QueueStates& stored) {
  Folder folder(stored);
  for (const Op& op : first) folder.fold(op);
  const std::span<const Turn> turns{batch.turns};
  for (const Turn& turn : turns.first(turn_count))
    for (const Op& op : batch.ops_of(turn)) folder.fold(op);
  for (const Turn& turn : turns.subspan(turn_count))
    if (turn.only_removes) folder.look_ahead(batch.ops_of(turn), turn.is_done_ahead);
  return folder.finish();
}

BatchPlan plan_removals(const Batch& batch, std::span<Turn* const> turns,
                        const QueueStates& stored) {
  Folder folder(stored);
  for (const Turn* turn : turns)
    for (const Op& op : batch.ops_of(*turn))
      if (folder.knows(op.queue)) folder.fold(op);
  return folder.finish();
}

}  // namespace leveret::store
