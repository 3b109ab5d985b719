#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <optional>
#include <unordered_set>
#include <vector>

#include "base/ring.h"
#include "broker/entry.h"

namespace leveret::broker {

/// The ready messages of a queue, in order. Its head is in memory; what is stored beyond a window
/// of messages and bytes is only counted, and read back in blocks as the window runs low. So depth
/// costs disk.
///
/// In order of seq: returned_ and ready_ (in memory) < tail_ (in the store); late_ are transient
/// messages that came while there was a tail, which nothing but memory can keep.
class QueueWindow {
 public:
  static constexpr CommitNumber all_committed = std::numeric_limits<CommitNumber>::max();

  QueueWindow(std::size_t messages_max, std::size_t bytes_max)
      : messages_max_(messages_max), bytes_max_(bytes_max) {}

  /// What a start found in the store: only counts.
  void recover(std::uint64_t count, std::uint64_t bytes, Seq last_seq);
  /// What it keeps in memory from now on; more than that stays until it is popped.
  void set_limits(std::size_t messages_max, std::size_t bytes_max) {
    messages_max_ = messages_max;
    bytes_max_ = bytes_max;
  }

  std::uint64_t count() const {
    return returned_.size() + ready_.size() + late_.size() + tail_.count;
  }
  /// Of bodies.
  std::uint64_t bytes() const { return bytes_; }
  std::uint64_t in_memory() const { return returned_.size() + ready_.size() + late_.size(); }

  /// Adds the newest message; `committed` is the last transaction that is on disk.
  void push(Entry entry, CommitNumber committed = all_committed);
  /// Puts a message back where it was before it was popped.
  void put_back(Entry entry);

  /// Whether the first message is in memory.
  bool has_head() const {
    const Entry* first = front();
    return first && first->message;
  }
  /// The first message; has_head() must hold.
  const Entry& head() const { return *front(); }
  Entry pop();

  /// True when part of the queue is in the store only, and the window runs low and no block is on
  /// its way.
  bool wants_block(std::size_t low_mark) const {
    return tail_.count > 0 && !is_loading_ && returned_.size() + ready_.size() < low_mark &&
           (ready_.empty() || window_bytes_ < bytes_max_ / 2);
  }
  bool has_tail() const { return tail_.count > 0; }

  // Messages that were let go while a consumer had them, and have come back.
  /// The first message is such a one: it has to be read.
  bool wants_content() const {
    const Entry* first = front();
    return first && !first->message;
  }
  /// The range of those at the front, at most `count_max`; wants_content() must hold.
  std::pair<Seq, Seq> without_content(std::size_t count_max) const;
  /// Gives one its content, and when that expires; nothing happens when it has gone meanwhile.
  void fill(Seq seq, MessagePtr message, TimeMs expires_at);
  struct Block {
    Seq first;
    Seq last;
    std::uint64_t epoch;
    /// The transaction that has to be on disk before it is read.
    CommitNumber after;
  };
  /// Says what to read next and remembers that it is on its way. What is not on disk yet is left
  /// for later: under load, waiting for the latest transaction would take longer than reading.
  Block begin_block(CommitNumber committed = all_committed);
  /// Takes what was read for `block`, as entries; one that a purge has overtaken is ignored.
  void end_block(const Block& block, std::vector<Entry> entries);

  // Messages with an `expiration` of their own, which may expire anywhere.
  /// When the first of those in memory expires, and of those in the store only: maybe too early,
  /// never too late; 0 when there is none.
  TimeMs memory_expiry() const { return memory_expiry_; }
  TimeMs tail_expiry() const { return tail_.count > 0 ? tail_expiry_ : 0; }
  /// Takes all in memory that have expired by `now`, in order.
  std::vector<Entry> take_expired(TimeMs now);
  /// Says that the store is asked for those that have expired, up to tail_last().
  void begin_expired() {
    tail_expiry_ = 0;
    begin_read();
  }
  /// `next`: when the first of the others in the store expires, 0 for none.
  void end_expired(TimeMs next) {
    note(tail_expiry_, next);
    end_read();
  }

  /// Between these, what is taken from the tail is remembered: an answer of the store may still
  /// hold it.
  void begin_read() { ++reads_; }
  void end_read() {
    if (--reads_ == 0) taken_while_reading_.clear();
  }

  /// Takes one message out of the middle; nothing when it is not in memory.
  std::optional<Entry> take(Seq seq);
  /// Takes one that is in the store only out of the count (the caller removes the row, in
  /// transaction `commit`): false when seq is not in that part.
  bool take_from_tail(Seq seq, std::size_t body_bytes, CommitNumber commit = 0);
  bool is_in_tail(Seq seq) const {
    return tail_.count > 0 && seq >= tail_.first && seq <= tail_.last;
  }

  /// What a purge took: the messages in memory, and the range that is in the store only.
  struct Purged {
    std::vector<Entry> entries;
    std::uint64_t count = 0;
    std::optional<std::pair<Seq, Seq>> stored_range;
  };
  Purged purge();

  /// Calls `on_entry` for the messages in memory with seq > after, in order, until it returns
  /// false.
  template <class F>
  void for_each_after(Seq after, F on_entry) const;
  /// Calls `on_entry` for each message in memory, to change it; not its seq nor its body.
  template <class F>
  void for_each_in_memory(F on_entry) {
    for (auto& [seq, entry] : returned_) on_entry(entry);
    for (Ring<Entry>* part : {&ready_, &late_})
      for (Entry& entry : *part) on_entry(entry);
  }
  /// The first seq that is in the store only; 0 when there is none.
  Seq tail_first() const { return tail_.count > 0 ? tail_.first : 0; }
  Seq tail_last() const { return tail_.last; }

 private:
  struct Tail {
    std::uint64_t count = 0;
    Seq first = 0;
    Seq last = 0;
  };
  /// A transaction on its way to the disk, and the first message in the tail that it holds.
  struct Unsaved {
    CommitNumber commit = 0;
    Seq first = 0;
  };
  const Entry* front() const {
    if (returned_is_first()) return &returned_.begin()->second;
    return ready_.empty() ? nullptr : &ready_.front();
  }
  bool returned_is_first() const {
    return !returned_.empty() && (ready_.empty() || returned_.begin()->first < ready_.front().seq);
  }
  static void note(TimeMs& earliest, TimeMs at) {
    if (at != 0 && (earliest == 0 || at < earliest)) earliest = at;
  }
  void push_late_before(Seq seq);
  void push_to_tail(const Entry& entry, CommitNumber committed);
  void forget_saved(CommitNumber committed);
  void forget_tail();

  std::size_t messages_max_;
  std::size_t bytes_max_;
  std::uint64_t bytes_ = 0;
  std::size_t window_bytes_ = 0;
  std::map<Seq, Entry> returned_;
  Ring<Entry> ready_;
  Tail tail_;
  Ring<Unsaved> unsaved_;
  CommitNumber tail_taken_in_ = 0;  // the latest transaction that removes from the tail
  Ring<Entry> late_;
  bool is_loading_ = false;
  std::uint64_t epoch_ = 0;
  TimeMs memory_expiry_ = 0;
  TimeMs tail_expiry_ = 0;
  std::size_t reads_ = 0;  // under way
  std::unordered_set<Seq> taken_while_reading_;
};

template <class F>
void QueueWindow::for_each_after(Seq after, F on_entry) const {
  auto returned = returned_.upper_bound(after);
  for (const Ring<Entry>* part : {&ready_, &late_}) {
    for (const Entry& entry : *part) {
      for (; returned != returned_.end() && returned->first < entry.seq; ++returned)
        if (!on_entry(returned->second)) return;
      if (entry.seq > after && !on_entry(entry)) return;
    }
  }
  for (; returned != returned_.end(); ++returned)
    if (!on_entry(returned->second)) return;
}

}  // namespace leveret::broker
