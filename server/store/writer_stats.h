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

  /// A batch that is done: `sync_time` is that of its transaction, nothing when it needed none;
  /// `wait` is how long its first turn has waited for it.
  void add(const BatchPlan& plan, std::optional<std::chrono::nanoseconds> sync_time,
           std::chrono::nanoseconds wait, std::uint64_t log_bytes);
  broker::JournalStats get() const;

 private:
  mutable std::mutex mutex_;
  broker::JournalStats stats_;
};

}  // namespace leveret::store
