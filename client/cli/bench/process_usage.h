#pragma once

#include <cstdint>

namespace leveret::cli::bench {

/// What a process has used, by /proc.
struct ProcessUsage {
  std::uint64_t rss_bytes = 0;
  /// User and system time since its start.
  double cpu_seconds = 0;
};

/// Throws Failure{not_found} when there is no such process.
ProcessUsage usage_of(int pid);

}  // namespace leveret::cli::bench
