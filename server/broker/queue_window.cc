#include "broker/queue_window.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace leveret::broker {

void QueueWindow::recover(std::uint64_t count, std::uint64_t bytes, Seq last_seq) {
  tail_ = {.first = 1, .last = last_seq};
  tail_.stored.count = count;
  tail_.stored.first = 1;
  bytes_ = bytes;
  tail_expiry_ = count > 0 ? 1 : 0;  // to be asked for
}

void QueueWindow::push(Entry entry, CommitNumber committed, bool is_worked) {
  if (has_tail() || (is_full() && entry.is_kept()))
    return push_to_tail(std::move(entry), committed, is_worked);
  came(entry);
  window_bytes_ += entry.body_bytes();
  ready_.push_back(std::move(entry));
}

void QueueWindow::push_to_tail(Entry entry, CommitNumber committed, bool is_worked) {
  if (!has_tail()) tail_.first = entry.seq;
  tail_.last = entry.seq;
  bytes_ += entry.body_bytes();
  note(tail_expiry_, entry.own_expiry());
  Part& part = tail_.part(entry.keeper);
  if (part.count++ == 0) part.first = entry.seq;
  part.forget_saved(committed);
  if (entry.commit > committed &&
      (part.unsaved.empty() || part.unsaved.back().commit != entry.commit))
    part.unsaved.push_back({entry.commit, entry.seq});
  Ring<Entry>& at_hand = tail_.at_hand;
  if (!at_hand.empty() && at_hand.back().keeper != entry.keeper) at_hand.clear();
  tail_.forget_saved(committed);
  if (is_worked && entry.commit > committed)
    at_hand.push_back(std::move(entry));
  else
    at_hand.clear();
}

void QueueWindow::Tail::forget_saved(CommitNumber committed) {
  while (!at_hand.empty() && at_hand.front().commit <= committed) at_hand.pop_front();
}

bool QueueWindow::take_unsaved(CommitNumber journal_committed, CommitNumber transients_committed) {
  Ring<Entry>& at_hand = tail_.at_hand;
  if (at_hand.empty()) return false;
  const bool is_in_journal = at_hand.front().keeper == Keeper::journal;
  tail_.forget_saved(is_in_journal ? journal_committed : transients_committed);
  if (is_loading_ || tail_.count() != at_hand.size()) return false;
  const std::size_t before = ready_.size();
  while (!at_hand.empty() && !is_full()) {
    tail_.first = at_hand.front().seq + 1;
    come_from_tail(std::move(at_hand.front()));
    at_hand.pop_front();
  }
  return ready_.size() > before;
}

/// Into memory, behind what is there.
void QueueWindow::come_from_tail(Entry entry) {
  --tail_.part(entry.keeper).count;
  note(memory_expiry_, entry.own_expiry());
  window_bytes_ += entry.body_bytes();
  ready_.push_back(std::move(entry));
}

void QueueWindow::Part::forget_saved(CommitNumber committed) {
  while (!unsaved.empty() && unsaved.front().commit <= committed) unsaved.pop_front();
}

/// Begins it where the first part that is not empty may have some.
void QueueWindow::Tail::skip_what_is_gone() {
  Seq next = last;
  for (const Part* part : {&stored, &transient})
    if (part->count > 0) next = std::min(next, part->first);
  first = std::max(first, next);
}

/// What begins the range is waited for: nothing else is left.
void QueueWindow::Part::cut_before_unsaved(KeptRange& range, CommitNumber committed) {
  forget_saved(committed);
  for (const Unsaved& each : unsaved)
    if (each.first > range.first) range.last = std::min(range.last, each.first - 1);
}

/// What has to be on disk before the range is read, if this part has any of it.
std::optional<CommitNumber> QueueWindow::Part::after(const KeptRange& range) const {
  if (count == 0 || first > range.last) return std::nullopt;
  CommitNumber after = taken_in;
  for (const Unsaved& each : unsaved)
    if (each.first <= range.first) after = std::max(after, each.commit);
  return after;
}

/// A message in memory more.
void QueueWindow::came(const Entry& entry) {
  bytes_ += entry.body_bytes();
  note(memory_expiry_, entry.own_expiry());
  add_unkept(unkept_bytes_of(entry));
}

/// And one less.
void QueueWindow::went(const Entry& entry) {
  bytes_ -= entry.body_bytes();
  add_unkept(-unkept_bytes_of(entry));
}

void QueueWindow::put_back(Entry entry) {
  came(entry);
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
  Entry entry;
  if (returned_is_first()) {
    entry = std::move(returned_.extract(returned_.begin()).mapped());
  } else {
    entry = std::move(ready_.front());
    ready_.pop_front();
    window_bytes_ -= entry.body_bytes();
  }
  went(entry);
  return entry;
}

QueueWindow::Block QueueWindow::begin_block(CommitNumber journal_committed,
                                            CommitNumber transients_committed) {
  is_loading_ = true;
  begin_read();
  tail_.skip_what_is_gone();
  KeptRange range{.first = tail_.first, .last = tail_.last};
  tail_.stored.cut_before_unsaved(range, journal_committed);
  tail_.transient.cut_before_unsaved(range, transients_committed);
  range.journal_after = tail_.stored.after(range);
  range.transients_after = tail_.transient.after(range);
  return {range, epoch_};
}

void QueueWindow::end_block(const Block& block, std::vector<Entry> entries) {
  if (block.epoch != epoch_) return end_read();
  is_loading_ = false;
  if (entries.empty()) {  // the stores have nothing left up to its end
    if (tail_.last == block.range.last) forget_tail();
    tail_.first = std::max(tail_.first, block.range.last + 1);
  }
  for (Entry& entry : entries) {
    // What came since may have begun another tail.
    tail_.first = std::max(tail_.first, entry.seq + 1);
    if (!taken_while_reading_.contains(entry.seq)) come_from_tail(std::move(entry));
  }
  while (!tail_.at_hand.empty() && tail_.at_hand.front().seq < tail_.first)
    tail_.at_hand.pop_front();
  end_read();
}

void QueueWindow::forget_tail() {
  tail_ = {.first = tail_.first, .last = tail_.last};
  tail_expiry_ = 0;
  bytes_ = window_bytes_;
  for (const auto& [seq, entry] : returned_) bytes_ += entry.body_bytes();
}

std::optional<Entry> QueueWindow::take(Seq seq) {
  std::optional<Entry> taken;
  if (const auto it = returned_.find(seq); it != returned_.end()) {
    taken = std::move(it->second);
    returned_.erase(it);
  } else {
    const auto at = std::ranges::lower_bound(ready_, seq, {}, &Entry::seq);
    if (at == ready_.end() || at->seq != seq) return std::nullopt;
    window_bytes_ -= at->body_bytes();
    taken = std::move(*at);
    ready_.erase(at);
  }
  went(*taken);
  return taken;
}

bool QueueWindow::take_from_tail(Seq seq, std::size_t body_bytes, Keeper keeper,
                                 CommitNumber commit) {
  if (!is_in_tail(seq)) return false;
  if (reads_ > 0 && !taken_while_reading_.insert(seq).second) return false;
  Part& part = tail_.part(keeper);
  --part.count;
  part.taken_in = commit;
  bytes_ -= body_bytes;
  const auto at = std::ranges::lower_bound(tail_.at_hand, seq, {}, &Entry::seq);
  if (at != tail_.at_hand.end() && at->seq == seq) tail_.at_hand.erase(at);
  return true;
}

QueueWindow::Purged QueueWindow::purge() {
  Purged purged;
  purged.count = count();
  purged.entries.reserve(in_memory());
  for (auto& [seq, entry] : returned_) purged.entries.push_back(std::move(entry));
  for (Entry& entry : ready_) purged.entries.push_back(std::move(entry));
  if (has_tail()) purged.tail = {tail_.first, tail_.last};
  returned_.clear();
  ready_.clear();
  tail_ = {};
  bytes_ = 0;
  window_bytes_ = 0;
  add_unkept(-unkept_bytes_);
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
    went(entry);
    expired.push_back(std::move(entry));
  };
  for (auto it = returned_.begin(); it != returned_.end();) {
    const bool is_taken = is_over(it->second);
    if (is_taken) take(it->second);
    it = is_taken ? returned_.erase(it) : std::next(it);
  }
  auto kept = ready_.begin();
  for (Entry& entry : ready_) {
    if (is_over(entry)) {
      window_bytes_ -= entry.body_bytes();
      take(entry);
    } else {
      if (&*kept != &entry) *kept = std::move(entry);
      ++kept;
    }
  }
  ready_.erase(kept, ready_.end());
  std::ranges::sort(expired, {}, &Entry::seq);
  return expired;
}

}  // namespace leveret::broker
