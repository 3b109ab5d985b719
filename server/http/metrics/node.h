#pragma once

#include <cstdint>
#include <string>

namespace leveret::http::metrics {

/// What the system tells of this process and its machine; 0 for what it does not tell.
struct NodeStats {
  std::uint64_t open_fds = 0;
  std::uint64_t max_fds = 0;
  std::uint64_t resident_bytes = 0;
  std::uint64_t virtual_bytes = 0;
  /// What the process may take at most: its control group's limit, or else the machine's memory.
  std::uint64_t memory_limit_bytes = 0;
  std::uint64_t disk_free_bytes = 0;
  /// From and to storage.
  std::uint64_t read_bytes = 0;
  std::uint64_t write_bytes = 0;
  double cpu_seconds = 0;
  /// Since 1970.
  double start_time_seconds = 0;
};

/// Reads /proc and asks for the room in the file system of `data_dir`. Takes microseconds, and some
/// more with thousands of open files.
NodeStats read_node_stats(const std::string& data_dir);

}  // namespace leveret::http::metrics
