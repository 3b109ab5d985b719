#include "store/writer_stats.h"

#include <algorithm>
#include <array>
#include <span>

namespace leveret::store {
namespace {

constexpr std::array seconds_bounds{0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005,
                                    0.01,    0.025,  0.05,    0.1,    0.25,  0.5,    1.0};
constexpr std::array<double, 8> messages_bounds{1, 4, 16, 64, 256, 1024, 4096, 16384};

double seconds(std::chrono::nanoseconds time) {
  return std::chrono::duration<double>(time).count();
}

}  // namespace

WriterStats::WriterStats() {
  stats_.commit_seconds = Histogram{seconds_bounds};
  stats_.wait_seconds = Histogram{seconds_bounds};
  stats_.batch_messages = Histogram{messages_bounds};
}

void WriterStats::add(const BatchPlan& plan, std::size_t counted,
                      std::optional<std::chrono::nanoseconds> sync_time,
                      std::chrono::nanoseconds wait, std::uint64_t log_bytes) {
  const std::span fresh = std::span{plan.appends}.subspan(counted);
  const auto settled =
      static_cast<std::uint64_t>(std::ranges::count_if(fresh, &PlannedAppend::is_cancelled));
  const std::lock_guard lock(mutex_);
  stats_.log_bytes = log_bytes;
  add_messages(fresh.size(), settled);
  if (sync_time) add_commit(*sync_time, wait, fresh.size() - settled);
}

void WriterStats::add_logged(std::size_t messages, std::chrono::nanoseconds sync_time,
                             std::chrono::nanoseconds wait) {
  const std::lock_guard lock(mutex_);
  add_messages(messages, 0);
  add_commit(sync_time, wait, messages);
}

void WriterStats::add_settled(std::size_t messages) {
  const std::lock_guard lock(mutex_);
  add_messages(messages, messages);
}

void WriterStats::add_messages(std::uint64_t recorded, std::uint64_t settled) {
  stats_.messages_recorded += recorded;
  stats_.messages_settled_unwritten += settled;
}

void WriterStats::add_commit(std::chrono::nanoseconds sync_time, std::chrono::nanoseconds wait,
                             std::size_t messages) {
  ++stats_.commits;
  stats_.commit_seconds.add(seconds(sync_time));
  stats_.wait_seconds.add(seconds(wait));
  stats_.batch_messages.add(static_cast<double>(messages));
}

broker::JournalStats WriterStats::get() const {
  const std::lock_guard lock(mutex_);
  return stats_;
}

}  // namespace leveret::store
