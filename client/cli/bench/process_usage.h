#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace leveret::cli::bench {

/// What a process has used, by /proc.
struct ProcessUsage {
  std::uint64_t rss_bytes = 0;
  /// User and system time since its start.
  double cpu_seconds = 0;
};

/// Throws Failure{not_found} when there is no such process.
ProcessUsage usage_of(int pid);

/// The process that listens on a TCP port of this machine, when `host` is this machine's own
/// loopback and the process is one that we may look into; else nothing.
std::optional<int> find_listener(const std::string& host, std::uint16_t port);

}  // namespace leveret::cli::bench
