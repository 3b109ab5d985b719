#include "store/writer_stats.h"

#include <algorithm>
#include <array>

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

void WriterStats::add(const BatchPlan& plan, std::optional<std::chrono::nanoseconds> sync_time,
                      std::chrono::nanoseconds wait, std::uint64_t log_bytes) {
  const auto settled =
      static_cast<std::uint64_t>(std::ranges::count_if(plan.appends, &PlannedAppend::is_cancelled));
  const std::lock_guard lock(mutex_);
  stats_.messages_recorded += plan.appends.size();
  stats_.messages_settled_unwritten += settled;
  stats_.log_bytes = log_bytes;
  if (!sync_time) return;
  ++stats_.commits;
  stats_.commit_seconds.add(seconds(*sync_time));
  stats_.wait_seconds.add(seconds(wait));
  stats_.batch_messages.add(static_cast<double>(plan.appends.size() - settled));
}

broker::JournalStats WriterStats::get() const {
  const std::lock_guard lock(mutex_);
  return stats_;
}

}  // namespace leveret::store
