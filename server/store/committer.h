#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <unordered_set>
#include <utility>
#include <vector>

#include "store/batch_plan.h"
#include "store/large_bodies.h"
#include "store/message_table.h"
#include "store/topology_table.h"

namespace leveret::store {

/// Turns plans into transactions on the write connection, and knows every queue's state as of the
/// last commit. One thread at a time. A call that throws has changed nothing, neither on disk nor
/// here.
class Committer {
 public:
  /// Reads the queues' states, and what there is of large bodies. Throws StoreError.
  Committer(Connection& connection, const BodyFiles& body_files, const LargeBodyLimits& limits);

  /// Returns when the plan is on disk, and how long its commit took; at once, without a
  /// transaction, when nothing of it is left to be written. `redo` is the generation of the redo
  /// log that is applied by it.
  std::optional<std::chrono::nanoseconds> commit(const BatchPlan& plan,
                                                 std::optional<std::int64_t> redo = std::nullopt);
  /// Writes how far queues' numbers have risen where that was not worth it: with what never had to
  /// be written, which after a crash nobody misses, and with what was only appended, which a start
  /// then counts. After the last commit().
  void finish();
  const QueueStates& queues() const { return queues_; }

  /// What the transactions since the last call have made free of large bodies.
  FreedBodies take_freed() { return std::exchange(freed_, {}); }
  /// Of those these files have been removed.
  void removed(const std::vector<std::int64_t>& body_files) { bodies_.removed(body_files); }

  /// True while there is something left to clear up that clean_up() would do.
  bool has_leftovers() const { return has_condemned_ || gives_back_; }
  /// One transaction of clearing up: after dropped queues first, then giving free pages back to the
  /// file system.
  void clean_up();

 private:
  /// A queue's state after the transaction; dropped when it has none.
  struct Change {
    QueueId id;
    QueueState state;
    bool is_dropped = false;
  };

  bool changes_rows(const BatchPlan& plan) const;
  std::vector<Change> start_changes(const BatchPlan& plan);
  void apply_topology(const BatchPlan& plan, std::vector<Change>& changes);
  /// Returns how many entries it deleted.
  std::uint64_t remove(const BatchPlan& plan, std::vector<Change>& changes);
  /// Returns the id for the next message after this transaction.
  std::int64_t append(const BatchPlan& plan, std::vector<Change>& changes);
  void write_counters(const BatchPlan& plan, std::vector<Change>& changes);
  /// The end of each transaction; returns how long the commit itself has taken.
  std::chrono::nanoseconds end(Transaction& transaction);
  /// Deletes some entries of a condemned slot; returns whether more is left, and adds to `removed`.
  bool sweep(std::int64_t count_max, std::uint64_t& removed);
  void adopt(const std::vector<Change>& changes);
  /// Looks, once in a while, whether most of the file is free pages.
  void note_removed(std::uint64_t entry_count);

  Connection& connection_;
  TopologyTable topology_;
  LargeBodies bodies_;
  MessageTable messages_;
  Statement set_redo_applied_;
  QueueStates queues_;
  std::unordered_set<QueueId> unwritten_;  // whose numbers are ahead of their rows
  std::int64_t next_message_ = 1;
  const std::int64_t page_bytes_;
  FreedBodies freed_;
  bool has_condemned_ = false;
  std::uint64_t removed_since_look_ = 0;
  bool gives_back_ = false;
};

}  // namespace leveret::store
