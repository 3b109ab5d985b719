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
#include "broker/kept_range.h"

namespace leveret::broker {

/// The ready messages of a queue, in order. Its head is in memory; what is kept elsewhere beyond a
/// window of messages and bytes is only counted, and read back in blocks as the window runs low. So
/// depth costs disk.
///
/// In order of seq: returned_ and ready_ (in memory) < tail_ (in the journal and the transient
/// store).
class QueueWindow {
 public:
  static constexpr CommitNumber all_committed = std::numeric_limits<CommitNumber>::max();

  /// `unkept_bytes`, unless it is null, has added to it what those in memory take that nothing else
  /// keeps.
  QueueWindow(std::size_t messages_max, std::size_t bytes_max, std::size_t* unkept_bytes = nullptr)
      : messages_max_(messages_max), bytes_max_(bytes_max), unkept_total_(unkept_bytes) {}
  QueueWindow(const QueueWindow&) = delete;
  QueueWindow& operator=(const QueueWindow&) = delete;
  ~QueueWindow() { add_unkept(-unkept_bytes_); }

  /// What a start found in the store: only counts.
  void recover(std::uint64_t count, std::uint64_t bytes, Seq last_seq);
  /// What it keeps in memory from now on; more than that stays until it is popped.
  void set_limits(std::size_t messages_max, std::size_t bytes_max) {
    messages_max_ = messages_max;
    bytes_max_ = bytes_max;
  }

  std::uint64_t count() const { return returned_.size() + ready_.size() + tail_.count(); }
  /// Of bodies.
  std::uint64_t bytes() const { return bytes_; }
  std::uint64_t in_memory() const { return returned_.size() + ready_.size(); }

  /// Whether the newest message, when it is kept, goes to the tail.
  bool is_full() const { return ready_.size() >= messages_max_ || window_bytes_ >= bytes_max_; }
  bool has_tail() const { return tail_.count() > 0; }
  /// Whether `keeper` has any of the tail.
  bool has_tail_in(Keeper keeper) const { return tail_.part(keeper).count > 0; }
  /// Adds the newest message, which must be kept when there is a tail; `committed` is the keeper's
  /// last transaction that is on disk. `is_worked`: somebody may want it before it is on disk.
  void push(Entry entry, CommitNumber committed = all_committed, bool is_worked = false);
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

  /// True when part of the queue is not in memory, and the window runs low and no block is on
  /// its way.
  bool wants_block(std::size_t low_mark) const {
    return has_tail() && !is_loading_ && returned_.size() + ready_.size() < low_mark &&
           (ready_.empty() || window_bytes_ < bytes_max_ / 2);
  }

  /// Instead of a block, when all of the tail is still on its way to the disk: takes it into the
  /// window as far as there is room, and returns whether it did. So a queue whose consumers keep up
  /// gets rid of its tail. If they had to wait for the disk, everything that comes meanwhile would
  /// be written and join it, and the queue would be as slow as the disk for as long as it is busy.
  bool take_unsaved(CommitNumber journal_committed, CommitNumber transients_committed);
  /// Of how many it keeps the content for that.
  std::size_t unsaved_count() const { return tail_.at_hand.size(); }
  /// Nobody wants it before it is on disk any more.
  void let_go_of_unsaved() { tail_.at_hand.clear(); }

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
    KeptRange range;
    std::uint64_t epoch;
  };
  /// Says what to read next and remembers that it is on its way. What is not on disk yet is left
  /// for later: under load, waiting for the latest transaction would take longer than reading.
  Block begin_block(CommitNumber journal_committed = all_committed,
                    CommitNumber transients_committed = all_committed);
  /// Takes what was read for `block`, as entries; one that a purge has overtaken is ignored.
  void end_block(const Block& block, std::vector<Entry> entries);

  // Messages with an `expiration` of their own, which may expire anywhere.
  /// When the first of those in memory expires, and of those in the tail: maybe too early,
  /// never too late; 0 when there is none.
  TimeMs memory_expiry() const { return memory_expiry_; }
  TimeMs tail_expiry() const { return has_tail() ? tail_expiry_ : 0; }
  /// Takes all in memory that have expired by `now`, in order.
  std::vector<Entry> take_expired(TimeMs now);
  /// Says that a store is asked for those that have expired, up to tail_last().
  void begin_expired() {
    tail_expiry_ = 0;
    begin_read();
  }
  /// `next`: when the first of its others expires, 0 for none.
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
  /// Takes one that is in the tail out of the count (the caller removes the row, in `keeper`'s
  /// transaction `commit`): false when seq is not in that part.
  bool take_from_tail(Seq seq, std::size_t body_bytes, Keeper keeper = Keeper::journal,
                      CommitNumber commit = 0);
  bool is_in_tail(Seq seq) const { return has_tail() && seq >= tail_.first && seq <= tail_.last; }

  /// What a purge took: the messages in memory, and the range of the tail.
  struct Purged {
    std::vector<Entry> entries;
    std::uint64_t count = 0;
    std::optional<std::pair<Seq, Seq>> tail;
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
    for (Entry& entry : ready_) on_entry(entry);
    tail_.at_hand.clear();  // They are read as they then are.
  }
  /// The first seq that is not in memory; 0 when there is none.
  Seq tail_first() const { return has_tail() ? tail_.first : 0; }
  Seq tail_last() const { return tail_.last; }

 private:
  /// A transaction on its way to the disk, and the first message in the tail that it holds.
  struct Unsaved {
    CommitNumber commit = 0;
    Seq first = 0;
  };
  /// What one store has of the tail.
  struct Part {
    std::uint64_t count = 0;
    Seq first = 0;  // or one before it that has been read or taken
    Ring<Unsaved> unsaved = {};
    CommitNumber taken_in = 0;  // the latest transaction that removes from it

    void forget_saved(CommitNumber committed);
    void cut_before_unsaved(KeptRange& range, CommitNumber committed);
    std::optional<CommitNumber> after(const KeptRange& range) const;
  };
  struct Tail {
    Seq first = 0;
    Seq last = 0;
    Part stored = {};
    Part transient = {};
    /// Its end, as far as that is in memory anyway: its keeper, one for all of it, has it to write.
    Ring<Entry> at_hand = {};

    std::uint64_t count() const { return stored.count + transient.count; }
    void skip_what_is_gone();
    void forget_saved(CommitNumber committed);
    Part& part(Keeper keeper) { return keeper == Keeper::journal ? stored : transient; }
    const Part& part(Keeper keeper) const { return keeper == Keeper::journal ? stored : transient; }
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
  void push_to_tail(Entry entry, CommitNumber committed, bool is_worked);
  void come_from_tail(Entry entry);
  void forget_tail();
  void came(const Entry& entry);
  void went(const Entry& entry);
  static std::size_t unkept_bytes_of(const Entry& entry) {
    return entry.is_kept() ? 0 : sizeof(Entry) + entry.message->memory_bytes();
  }
  /// Also takes away, as unsigned numbers do.
  void add_unkept(std::size_t bytes) {
    unkept_bytes_ += bytes;
    if (unkept_total_) *unkept_total_ += bytes;
  }

  std::size_t messages_max_;
  std::size_t bytes_max_;
  std::size_t* unkept_total_;
  std::size_t unkept_bytes_ = 0;
  std::uint64_t bytes_ = 0;
  std::size_t window_bytes_ = 0;
  std::map<Seq, Entry> returned_;
  Ring<Entry> ready_;
  Tail tail_;
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
  for (const Entry& entry : ready_) {
    for (; returned != returned_.end() && returned->first < entry.seq; ++returned)
      if (!on_entry(returned->second)) return;
    if (entry.seq > after && !on_entry(entry)) return;
  }
  for (; returned != returned_.end(); ++returned)
    if (!on_entry(returned->second)) return;
}

}  // namespace leveret::broker
