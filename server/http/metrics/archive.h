#pragma once

#include <map>
#include <memory>
#include <vector>

#include "broker/core.h"
#include "broker/stats.h"

namespace leveret::http::metrics {

/// Keeps what virtual hosts had counted when they were deleted, so that the sum over all of them
/// never falls. On the HTTP loop.
class Archive {
 public:
  /// What a virtual host has counted up to now.
  void note(const std::shared_ptr<broker::Core>& core, const broker::VhostCounters& counters);
  /// The sum of what was noted last of those that are not among `present` any more.
  const broker::VhostCounters& retired(const std::vector<std::shared_ptr<broker::Core>>& present);

 private:
  using Key = std::weak_ptr<broker::Core>;
  std::map<Key, broker::VhostCounters, std::owner_less<Key>> present_;
  broker::VhostCounters retired_;
};

}  // namespace leveret::http::metrics
