#include "broker/queue_window.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace leveret::broker {

void QueueWindow::recover(std::uint64_t count, std::uint64_t bytes, Seq last_seq) {
  tail_ = {count, 1, last_seq};
  bytes_ = bytes;
  tail_expiry_ = count > 0 ? 1 : 0;  // to be asked for
}

void QueueWindow::push(Entry entry, CommitNumber committed) {
  bytes_ += entry.body_bytes();
  if (tail_.count > 0) {
    if (entry.is_stored) {
      push_to_tail(entry, committed);
    } else {
      note(memory_expiry_, entry.own_expiry());
      late_.push_back(std::move(entry));
    }
    return;
  }
  const bool is_full = ready_.size() >= messages_max_ || window_bytes_ >= bytes_max_;
  if (is_full && entry.is_stored) {
    tail_ = {0, entry.seq, entry.seq};
    push_to_tail(entry, committed);
    return;
  }
  note(memory_expiry_, entry.own_expiry());
  window_bytes_ += entry.body_bytes();
  ready_.push_back(std::move(entry));
}

void QueueWindow::push_to_tail(const Entry& entry, CommitNumber committed) {
  note(tail_expiry_, entry.own_expiry());
  tail_.last = entry.seq;
  ++tail_.count;
  forget_saved(committed);
  if (entry.commit > committed && (unsaved_.empty() || unsaved_.back().commit != entry.commit))
    unsaved_.push_back({entry.commit, entry.seq});
}

void QueueWindow::forget_saved(CommitNumber committed) {
  while (!unsaved_.empty() && unsaved_.front().commit <= committed) unsaved_.pop_front();
}

void QueueWindow::put_back(Entry entry) {
  bytes_ += entry.body_bytes();
  note(memory_expiry_, entry.own_expiry());
  const Seq seq = entry.seq;
  returned_.emplace(seq, std::move(entry));
}

std::pair<Seq, Seq> QueueWindow::without_content(std::size_t count_max) const {
  auto each = returned_.begin();
  std::pair range{each->first, each->first};
  for (; each != returned_.end() && !each->second.message && count_max > 0; ++each, --count_max)
    range.second = each->first;
  return range;
}

void QueueWindow::fill(Seq seq, MessagePtr message, TimeMs expires_at) {
  const auto returned = returned_.find(seq);
  if (returned == returned_.end()) return;
  Entry& entry = returned->second;
  entry.message = std::move(message);
  entry.expires_at = expires_at;
  note(memory_expiry_, entry.own_expiry());
}

Entry QueueWindow::pop() {
  if (returned_is_first()) {
    Entry entry = std::move(returned_.extract(returned_.begin()).mapped());
    bytes_ -= entry.body_bytes();
    return entry;
  }
  Entry entry = std::move(ready_.front());
  ready_.pop_front();
  bytes_ -= entry.body_bytes();
  window_bytes_ -= entry.body_bytes();
  return entry;
}

QueueWindow::Block QueueWindow::begin_block(CommitNumber committed) {
  is_loading_ = true;
  begin_read();
  forget_saved(committed);
  Block block{tail_.first, tail_.last, epoch_, tail_taken_in_};
  auto unsaved = unsaved_.begin();
  if (unsaved != unsaved_.end() && unsaved->first <= block.first) {
    block.after = std::max(block.after, unsaved->commit);  // Nothing else is left.
    ++unsaved;
  }
  if (unsaved != unsaved_.end()) block.last = unsaved->first - 1;
  return block;
}

void QueueWindow::end_block(const Block& block, std::vector<Entry> entries) {
  if (block.epoch != epoch_) return end_read();
  is_loading_ = false;
  if (entries.empty()) {  // the store has nothing left up to block.last
    if (tail_.last == block.last) forget_tail();
    tail_.first = block.last + 1;
  }
  for (Entry& entry : entries) {
    tail_.first = entry.seq + 1;
    if (taken_while_reading_.contains(entry.seq)) continue;
    push_late_before(entry.seq);
    --tail_.count;
    note(memory_expiry_, entry.own_expiry());
    window_bytes_ += entry.body_bytes();
    ready_.push_back(std::move(entry));
  }
  if (tail_.count == 0) push_late_before(std::numeric_limits<Seq>::max());
  end_read();
}

void QueueWindow::forget_tail() {
  tail_.count = 0;
  tail_expiry_ = 0;
  unsaved_.clear();
  bytes_ = window_bytes_;
  for (const auto& [seq, entry] : returned_) bytes_ += entry.body_bytes();
  for (const Entry& entry : late_) bytes_ += entry.body_bytes();
}

void QueueWindow::push_late_before(Seq seq) {
  while (!late_.empty() && late_.front().seq < seq) {
    window_bytes_ += late_.front().body_bytes();
    ready_.push_back(std::move(late_.front()));
    late_.pop_front();
  }
}

std::optional<Entry> QueueWindow::take(Seq seq) {
  std::optional<Entry> taken;
  if (const auto it = returned_.find(seq); it != returned_.end()) {
    taken = std::move(it->second);
    returned_.erase(it);
  } else {
    for (Ring<Entry>* part : {&ready_, &late_}) {
      const auto at = std::ranges::lower_bound(*part, seq, {}, &Entry::seq);
      if (at == part->end() || at->seq != seq) continue;
      if (part == &ready_) window_bytes_ -= at->body_bytes();
      taken = std::move(*at);
      part->erase(at);
      break;
    }
  }
  if (taken) bytes_ -= taken->body_bytes();
  return taken;
}

bool QueueWindow::take_from_tail(Seq seq, std::size_t body_bytes, CommitNumber commit) {
  if (!is_in_tail(seq)) return false;
  if (reads_ > 0 && !taken_while_reading_.insert(seq).second) return false;
  --tail_.count;
  bytes_ -= body_bytes;
  tail_taken_in_ = commit;
  if (tail_.count == 0) push_late_before(std::numeric_limits<Seq>::max());
  return true;
}

QueueWindow::Purged QueueWindow::purge() {
  Purged purged;
  purged.count = count();
  purged.entries.reserve(in_memory());
  for (auto& [seq, entry] : returned_) purged.entries.push_back(std::move(entry));
  for (Ring<Entry>* part : {&ready_, &late_})
    for (Entry& entry : *part) purged.entries.push_back(std::move(entry));
  if (tail_.count > 0) purged.stored_range = {tail_.first, tail_.last};
  returned_.clear();
  ready_.clear();
  late_.clear();
  tail_ = {};
  unsaved_.clear();
  bytes_ = 0;
  window_bytes_ = 0;
  memory_expiry_ = 0;
  tail_expiry_ = 0;
  ++epoch_;
  is_loading_ = false;
  return purged;
}

std::vector<Entry> QueueWindow::take_expired(TimeMs now) {
  std::vector<Entry> expired;
  memory_expiry_ = 0;
  const auto is_over = [&](const Entry& entry) {
    const TimeMs at = entry.own_expiry();
    if (at != 0 && at <= now) return true;
    note(memory_expiry_, at);
    return false;
  };
  const auto take = [&](Entry& entry) {
    bytes_ -= entry.body_bytes();
    expired.push_back(std::move(entry));
  };
  for (auto it = returned_.begin(); it != returned_.end();) {
    const bool is_taken = is_over(it->second);
    if (is_taken) take(it->second);
    it = is_taken ? returned_.erase(it) : std::next(it);
  }
  for (Ring<Entry>* part : {&ready_, &late_}) {
    auto kept = part->begin();
    for (Entry& entry : *part) {
      if (is_over(entry)) {
        if (part == &ready_) window_bytes_ -= entry.body_bytes();
        take(entry);
      } else {
        if (&*kept != &entry) *kept = std::move(entry);
        ++kept;
      }
    }
    part->erase(kept, part->end());
  }
  std::ranges::sort(expired, {}, &Entry::seq);
  return expired;
}

}  // namespace leveret::broker
