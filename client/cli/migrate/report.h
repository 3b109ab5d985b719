#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "cli/json.h"
#include "cli/migrate/state.h"

namespace leveret::cli {

/// What became of one queue's messages.
struct QueueOutcome {
  std::string vhost;
  std::string queue;
  QueueStart before;
  std::uint64_t source_at_start = 0;  // of this run
  std::uint64_t moved = 0;
  std::uint64_t skipped = 0;
  std::uint64_t in_flight = 0;
  std::uint64_t source_after = 0;
  std::uint64_t target_after = 0;
  /// Empty when all went well.
  std::string error;

  /// What left the source in all runs and what came to the target: 0 when every message is
  /// accounted for, above when more came than left.
  std::int64_t difference() const;
  /// Why the two are not the same; empty when they are.
  std::string explanation() const;
};

Json report_json(const std::vector<QueueOutcome>& outcomes);
/// A table, with what adds up and what does not.
std::string report_text(const std::vector<QueueOutcome>& outcomes);

}  // namespace leveret::cli
