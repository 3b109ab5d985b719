#include "http/metrics/archive.h"

#include <set>

namespace leveret::http::metrics {

void Archive::note(const std::shared_ptr<broker::Core>& core,
                   const broker::VhostCounters& counters) {
  broker::VhostCounters& kept = present_[core] = counters;
  kept.journal.log_bytes = 0;  // It goes with its file.
}

const broker::VhostCounters& Archive::retired(
    const std::vector<std::shared_ptr<broker::Core>>& present) {
  const std::set<Key, std::owner_less<Key>> keys{present.begin(), present.end()};
  std::erase_if(present_, [&](const auto& entry) {
    if (keys.contains(entry.first)) return false;
    retired_ += entry.second;
    return true;
  });
  return retired_;
}

}  // namespace leveret::http::metrics
