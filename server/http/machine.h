#pragma once

#include <cstdint>
#include <string>

namespace leveret::http {

/// What the operating system says of this process and its machine; 0 where it does not say.
struct MachineView {
  /// Bytes that this process has in memory, and the most that it may have: the machine's memory, or
  /// its control group's.
  std::uint64_t memory_used = 0;
  std::uint64_t memory_limit = 0;
  /// Bytes of address space.
  std::uint64_t memory_virtual = 0;
  /// File descriptors, and the most there may be.
  std::uint64_t files_used = 0;
  std::uint64_t files_limit = 0;
  /// Threads, and the most there may be; those that run or wait for a processor.
  std::uint64_t threads = 0;
  std::uint64_t threads_limit = 0;
  std::uint64_t threads_running = 0;
  /// Since the start; bytes from and to storage.
  std::uint64_t context_switches = 0;
  std::uint64_t bytes_read = 0;
  std::uint64_t bytes_written = 0;
  double cpu_seconds = 0;
  /// Since 1970.
  double started_at_seconds = 0;
  std::uint64_t processors = 0;
  /// Bytes that are free where the data is.
  std::uint64_t disk_free = 0;
};

/// Bytes that this process has in memory: the same as MachineView::memory_used, quickly.
std::uint64_t memory_in_use();
/// MachineView::memory_limit.
std::uint64_t memory_there_is();

/// Of the file system that `path` is on; 0 when it does not answer.
struct DiskView {
  std::uint64_t size = 0;
  std::uint64_t free = 0;
};
DiskView view_disk(const std::string& path);

/// `data_dir` is where the data is. Takes some system calls: not for the message loops.
MachineView view_machine(const std::string& data_dir);

/// Parts of the process's memory in bytes, as /proc/self/status has them.
struct MemoryParts {
  std::uint64_t anonymous = 0;  // heap and stacks
  std::uint64_t files = 0;      // the program itself, and mapped files
  std::uint64_t shared = 0;
};
MemoryParts view_memory();

}  // namespace leveret::http
