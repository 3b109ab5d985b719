#include "store/committer.h"

#include <algorithm>
#include <unordered_map>
#include <utility>

namespace leveret::store {
namespace {

/// Entries of dropped queues deleted along with each batch, and per transaction when there is no
/// other work.
constexpr std::int64_t sweep_busy = 500;
constexpr std::int64_t sweep_idle = 5000;

/// The file is made smaller when there is no other work and free pages are more than half of it and
/// more than this. A step moves that many pages.
constexpr std::int64_t free_bytes_kept = 32 << 20;
constexpr std::int64_t give_back_pages = 64;
constexpr std::uint64_t removals_between_looks = 10'000;

/// So many entries of a queue may a start have to count.
constexpr broker::Seq uncounted_max = 4096;

struct SharedMessage {
  std::int64_t message = 0;
  std::int64_t refs = 0;
};

}  // namespace

Committer::Committer(Connection& connection, const BodyFiles& body_files,
                     const LargeBodyLimits& limits)
    : connection_(connection),
      topology_(connection),
      bodies_(connection, body_files, limits),
      messages_(connection, bodies_),
      set_redo_applied_(
          connection,
          "INSERT OR REPLACE INTO meta VALUES ('redo_applied', ?1, row_crc('redo_applied', ?1))"),
      queues_(load_queue_states(connection)),
      next_message_(connection.query_integer("SELECT max(id) FROM message") + 1),
      page_bytes_(connection.query_integer("PRAGMA page_size")),
      has_condemned_(topology_.first_condemned() >= 0) {
  note_removed(removals_between_looks);
}

std::optional<std::chrono::nanoseconds> Committer::commit(const BatchPlan& plan,
                                                          std::optional<std::int64_t> redo) {
  std::vector<Change> changes = start_changes(plan);
  if (!redo && !has_condemned_ && !changes_rows(plan)) {
    for (const Change& change : changes) unwritten_.insert(change.id);
    adopt(changes);
    return std::nullopt;
  }
  Transaction transaction(connection_);
  bodies_.begin();
  apply_topology(plan, changes);
  // Removals first: what they free is used again by the appends, which counts on a full disk.
  std::uint64_t removed = remove(plan, changes);
  const std::int64_t next_message = append(plan, changes);
  write_counters(plan, changes);
  if (redo) {
    set_redo_applied_.bind(1, *redo);
    set_redo_applied_.run();
  }
  const bool drops = std::ranges::any_of(changes, &Change::is_dropped);
  const bool more = (has_condemned_ || drops) && sweep(sweep_busy, removed);
  const std::chrono::nanoseconds sync_time = end(transaction);
  next_message_ = next_message;
  has_condemned_ = more;
  for (const Change& change : changes) {
    const bool is_behind = change.state.on_disk.counted_seq != change.state.last_seq;
    if (is_behind && !change.is_dropped)
      unwritten_.insert(change.id);
    else
      unwritten_.erase(change.id);
  }
  adopt(changes);
  note_removed(removed);
  return sync_time;
}

std::chrono::nanoseconds Committer::end(Transaction& transaction) {
  const auto start = std::chrono::steady_clock::now();
  bodies_.finish();
  transaction.commit();
  const auto sync_time = std::chrono::steady_clock::now() - start;
  const FreedBodies freed = bodies_.committed();
  freed_.ended.insert(freed_.ended.end(), freed.ended.begin(), freed.ended.end());
  freed_.holes.insert(freed_.holes.end(), freed.holes.begin(), freed.holes.end());
  freed_.files.insert(freed_.files.end(), freed.files.begin(), freed.files.end());
  return sync_time;
}

void Committer::finish() {
  if (unwritten_.empty()) return;
  Transaction transaction(connection_);
  for (const QueueId id : unwritten_) topology_.put_counters(id, queues_.at(id));
  transaction.commit();
  unwritten_.clear();
}

void Committer::clean_up() {
  std::uint64_t removed = 0;
  if (has_condemned_) {
    Transaction transaction(connection_);
    bodies_.begin();
    const bool more = sweep(sweep_idle, removed);
    end(transaction);
    has_condemned_ = more;
  } else {
    connection_.execute("PRAGMA incremental_vacuum(" + std::to_string(give_back_pages) + ")");
    removed = removals_between_looks;
  }
  note_removed(removed);
}

void Committer::note_removed(std::uint64_t entry_count) {
  removed_since_look_ += entry_count;
  if (removed_since_look_ < removals_between_looks) return;
  removed_since_look_ = 0;
  const std::int64_t free = connection_.query_integer("PRAGMA freelist_count");
  const std::int64_t all = connection_.query_integer("PRAGMA page_count");
  gives_back_ = free > all / 2 && free * page_bytes_ > free_bytes_kept;
}

/// Whether anything has to be written: nothing is left when all that came has been settled already.
/// How far a queue's numbers have risen does not matter as long as it has no rows.
bool Committer::changes_rows(const BatchPlan& plan) const {
  if (!plan.topology.empty()) return true;
  const auto is_live = [](const PlannedAppend& append) { return !append.is_cancelled; };
  if (std::ranges::any_of(plan.appends, is_live)) return true;
  return std::ranges::any_of(plan.queues, [&](const auto& each) {
    const auto& [id, queue] = each;
    if (!queue.removals.empty() || !queue.delivery_counts.empty()) return true;
    const QueueState& stored = queues_.at(id);
    return stored.message_count > 0 && queue.delivered_mark > stored.delivered_mark;
  });
}

std::vector<Committer::Change> Committer::start_changes(const BatchPlan& plan) {
  std::vector<Change> changes;
  changes.reserve(plan.queues.size());
  for (const auto& [id, queue] : plan.queues) {
    const auto stored = queues_.find(id);
    QueueState state = stored == queues_.end() ? QueueState{} : stored->second;
    state.last_seq = std::max(state.last_seq, queue.last_seq);
    state.delivered_mark = std::max(state.delivered_mark, queue.delivered_mark);
    changes.push_back({id, state, queue.is_dropped});
  }
  // By slot: their entries are then written in the order of their keys. New queues have none yet,
  // and get theirs, all higher, in apply_topology.
  std::ranges::sort(changes, {}, [](const Change& c) { return std::pair(c.state.slot, c.id); });
  return changes;
}

void Committer::apply_topology(const BatchPlan& plan, std::vector<Change>& changes) {
  if (plan.topology.empty()) return;
  std::unordered_map<QueueId, Change*> by_id;
  for (Change& change : changes) by_id[change.id] = &change;
  for (const TopologyOp* op : plan.topology) {
    if (const auto* exchange = std::get_if<PutExchange>(op)) {
      topology_.put_exchange(exchange->record);
    } else if (const auto* dropped_exchange = std::get_if<DropExchange>(op)) {
      topology_.drop_exchange(dropped_exchange->name);
    } else if (const auto* queue = std::get_if<PutQueue>(op)) {
      QueueState& state = by_id.at(queue->record.id)->state;
      if (state.slot == 0) state.slot = topology_.free_slot();
      topology_.put_queue(queue->record, state.slot);
    } else if (const auto* dropped_queue = std::get_if<DropQueue>(op)) {
      topology_.drop_queue(dropped_queue->id, dropped_queue->name,
                           by_id.at(dropped_queue->id)->state.slot);
    } else if (const auto* binding = std::get_if<PutBinding>(op)) {
      topology_.put_binding(binding->record);
    } else if (const auto* dropped_binding = std::get_if<DropBinding>(op)) {
      topology_.drop_binding(dropped_binding->record);
    } else if (const auto* policy = std::get_if<PutPolicy>(op)) {
      topology_.put_policy(policy->record);
    } else if (const auto* dropped_policy = std::get_if<DropPolicy>(op)) {
      topology_.drop_policy(dropped_policy->kind, dropped_policy->name);
    }
  }
  std::ranges::sort(changes, {}, [](const Change& c) { return c.state.slot; });
}

std::uint64_t Committer::remove(const BatchPlan& plan, std::vector<Change>& changes) {
  Removed removed;
  for (Change& change : changes) {
    const QueuePlan& queue = plan.queues.at(change.id);
    const std::uint64_t count_before = removed.entry_count;
    const std::uint64_t bytes_before = removed.body_bytes;
    for (const SeqRange& range : queue.removals)
      messages_.remove_entries(entry_key(change.state.slot, range.first),
                               entry_key(change.state.slot, range.last), -1, removed);
    change.state.message_count -= removed.entry_count - count_before;
    change.state.body_bytes -= removed.body_bytes - bytes_before;
    for (const DeliveryCount& count : queue.delivery_counts)
      messages_.set_delivery_count(entry_key(change.state.slot, count.seq), count.count);
  }
  messages_.release(removed);
  return removed.entry_count;
}

std::int64_t Committer::append(const BatchPlan& plan, std::vector<Change>& changes) {
  std::int64_t next = next_message_;
  if (plan.appends.empty()) return next;

  // Messages in order of arrival, then entries in order of their keys: each goes to one end of its
  // table.
  std::unordered_map<QueueId, Change*> by_id;
  for (Change& change : changes) by_id[change.id] = &change;
  std::unordered_map<broker::ContentId, SharedMessage> shared;
  std::vector<EntryRow> entries;
  entries.reserve(plan.appends.size());
  QueueId last_id;
  QueueState* state = nullptr;
  for (const PlannedAppend& append : plan.appends) {
    if (append.is_cancelled) continue;
    const Op& op = *append.op;
    if (!state || op.queue != last_id) state = &by_id.at(op.queue)->state;
    last_id = op.queue;
    const auto key = entry_key(state->slot, op.seq);
    const auto content = static_cast<std::int64_t>(op.content);
    SharedMessage* of_content = content == 0 ? nullptr : &shared[op.content];
    std::int64_t id = of_content ? of_content->message : 0;
    if (id == 0) {
      id = next++;
      messages_.insert_message(id, *op.message, of_content ? 0 : key, content);
    }
    if (of_content) *of_content = {id, of_content->refs + 1};
    const std::size_t body_bytes = op.message->body().size();
    const TimeMs expires_at =
        op.message->ttl_ms() < 0 ? 0 : op.message->published_at() + op.message->ttl_ms();
    entries.push_back({key, id, static_cast<std::int64_t>(body_bytes), content,
                       append.delivery_count, expires_at});
    state->message_count += 1;
    state->body_bytes += body_bytes;
    state->on_disk.last_seq = op.seq;
  }
  std::ranges::sort(entries, {}, &EntryRow::key);
  for (const EntryRow& row : entries) messages_.insert_entry(row);
  for (const auto& [content, message] : shared)
    messages_.insert_content(static_cast<std::int64_t>(content), message.message, message.refs);
  return next;
}

/// Where nothing but appends has happened, a start counts those anew: the page of the counters is
/// a third of what a transaction with one message would write.
void Committer::write_counters(const BatchPlan& plan, std::vector<Change>& changes) {
  for (Change& change : changes) {
    if (change.is_dropped) continue;
    QueueState& state = change.state;
    const bool is_new = !queues_.contains(change.id);
    const bool is_evident = state.on_disk.last_seq == state.last_seq &&
                            state.on_disk.delivered_mark == state.delivered_mark &&
                            state.last_seq - state.on_disk.counted_seq <= uncounted_max;
    if (is_evident && !is_new && plan.queues.at(change.id).removals.empty()) continue;
    state.on_disk = {state.last_seq, state.last_seq, state.delivered_mark};
    topology_.put_counters(change.id, state);
  }
}

bool Committer::sweep(std::int64_t count_max, std::uint64_t& removed_count) {
  const std::int64_t slot = topology_.first_condemned();
  if (slot < 0) return false;
  Removed removed;
  messages_.remove_entries(entry_key(static_cast<std::uint32_t>(slot), 0),
                           entry_key(static_cast<std::uint32_t>(slot), seq_max), count_max,
                           removed);
  messages_.release(removed);
  removed_count += removed.entry_count;
  if (removed.entry_count < static_cast<std::uint64_t>(count_max)) topology_.pardon(slot);
  return topology_.first_condemned() >= 0;
}

void Committer::adopt(const std::vector<Change>& changes) {
  for (const Change& change : changes) {
    if (change.is_dropped)
      queues_.erase(change.id);
    else
      queues_[change.id] = change.state;
  }
}

}  // namespace leveret::store
