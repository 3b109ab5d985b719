#pragma once

#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>

#include "broker/stats.h"
#include "store/batch_plan.h"

namespace leveret::store {

/// What the writer has done, counted once per batch on its thread and read from any other.
class WriterStats {
 public:
  WriterStats();

  /// A transaction that is done, or that needed not be one: `sync_time` is nothing then. `wait` is
  /// how long its first turn has waited for it. Of its messages the first `counted` have been
  /// counted already, by the other two.
  void add(const BatchPlan& plan, std::size_t counted,
           std::optional<std::chrono::nanoseconds> sync_time, std::chrono::nanoseconds wait,
           std::uint64_t log_bytes);
  /// A batch with so many messages that the redo log has taken.
  void add_logged(std::size_t messages, std::chrono::nanoseconds sync_time,
                  std::chrono::nanoseconds wait);
  /// One that has been settled, and is nowhere.
  void add_settled(std::size_t messages);
  broker::JournalStats get() const;

 private:
  void add_messages(std::uint64_t recorded, std::uint64_t settled);
  void add_commit(std::chrono::nanoseconds sync_time, std::chrono::nanoseconds wait,
                  std::size_t messages);

  mutable std::mutex mutex_;
  broker::JournalStats stats_;
};

}  // namespace leveret::store
