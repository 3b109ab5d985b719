#pragma once

#include "broker/journal.h"
#include "store/queue_state.h"
#include "store/sqlite.h"

namespace leveret::store {

/// Writes exchanges, queues with their counters, bindings and policies. Lives on the writer's
/// thread; every call is part of its transaction and throws StoreError.
class TopologyTable {
 public:
  explicit TopologyTable(Connection& connection);

  void put_exchange(const broker::ExchangeRecord& exchange);
  /// Also deletes the bindings from and to it.
  void drop_exchange(const std::string& name);
  void put_queue(const broker::QueueRecord& queue, std::uint32_t slot);
  /// Also deletes the bindings to it, and condemns its slot. An empty name is that of one more
  /// priority.
  void drop_queue(QueueId id, const std::string& name, std::uint32_t slot);
  void put_binding(const broker::BindingRecord& binding);
  void drop_binding(const broker::BindingRecord& binding);
  void put_policy(const broker::PolicyRecord& policy);
  void drop_policy(broker::PolicyKind kind, const std::string& name);
  void put_counters(QueueId id, const QueueState& state);

  /// A slot whose entries are to be deleted, -1 for none.
  std::int64_t first_condemned();
  void pardon(std::int64_t slot);
  /// A slot that neither a queue nor a condemned one has. Throws StoreError when all are taken.
  std::uint32_t free_slot();

 private:
  Connection& connection_;
  Statement put_exchange_;
  Statement drop_exchange_;
  Statement drop_bindings_from_;
  Statement drop_bindings_to_;
  Statement put_queue_;
  Statement note_queue_id_;
  Statement drop_queue_;
  Statement drop_counters_;
  Statement condemn_;
  Statement put_binding_;
  Statement drop_binding_;
  Statement put_policy_;
  Statement drop_policy_;
  Statement put_counters_;
  Statement first_condemned_;
  Statement pardon_;
  Statement highest_slot_;
};

/// Everything but the messages. Throws StoreError.
broker::Recovered load_topology(Connection& connection);
QueueStates load_queue_states(Connection& connection);

}  // namespace leveret::store
