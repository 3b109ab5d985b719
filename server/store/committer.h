#pragma once

#include <cstdint>
#include <vector>

#include "store/batch_plan.h"
#include "store/message_table.h"
#include "store/topology_table.h"

namespace leveret::store {

/// Turns plans into transactions on the write connection, and knows every queue's state as of the
/// last commit. One thread at a time. A call that throws has changed nothing, neither on disk nor
/// here.
class Committer {
 public:
  /// Reads the queues' states. Throws StoreError.
  explicit Committer(Connection& connection);

  /// Returns when the plan is on disk.
  void commit(const BatchPlan& plan);
  const QueueStates& queues() const { return queues_; }

  /// True while there is something left to clear up that clean_up() would do.
  bool has_leftovers() const { return has_condemned_; }
  /// One transaction of clearing up after dropped queues.
  void clean_up();

 private:
  /// A queue's state after the transaction; dropped when it has none.
  struct Change {
    QueueId id;
    QueueState state;
    bool is_dropped = false;
  };

  std::vector<Change> start_changes(const BatchPlan& plan);
  void apply_topology(const BatchPlan& plan, std::vector<Change>& changes);
  void remove(const BatchPlan& plan, std::vector<Change>& changes);
  /// Returns the id for the next message after this transaction.
  std::int64_t append(const BatchPlan& plan, std::vector<Change>& changes);
  void write_counters(const std::vector<Change>& changes);
  /// Deletes some entries of a condemned slot; returns whether more is left.
  bool sweep(std::int64_t count_max);
  void adopt(const std::vector<Change>& changes);

  Connection& connection_;
  TopologyTable topology_;
  MessageTable messages_;
  QueueStates queues_;
  std::int64_t next_message_ = 1;
  bool has_condemned_ = false;
};

}  // namespace leveret::store
