#include "http/metrics/node.h"

#include <dirent.h>
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <ctime>
#include <fstream>
#include <limits>
#include <memory>

namespace leveret::http::metrics {
namespace {

std::uint64_t count_open_files() {
  const std::unique_ptr<DIR, int (*)(DIR*)> folder{opendir("/proc/self/fd"), closedir};
  if (!folder) return 0;
  std::uint64_t count = 0;
  while (readdir(folder.get()) != nullptr) ++count;
  return count - std::min<std::uint64_t>(count, 3);  // ".", ".." and the folder itself
}

std::uint64_t limit_of_files() {
  rlimit limit{};
  return getrlimit(RLIMIT_NOFILE, &limit) == 0 ? limit.rlim_cur : 0;
}

/// The number behind `key` in a file of lines "key: number unit".
std::uint64_t number_in(const std::string& path, const std::string& key) {
  std::ifstream file{path};
  std::string word;
  std::uint64_t number = 0;
  while (file >> word)
    if (word == key && file >> number) return number;
  return 0;
}

std::uint64_t memory_limit() {
  const std::uint64_t machine = number_in("/proc/meminfo", "MemTotal:") * 1024;
  // "max" is no number.
  std::uint64_t group = 0;
  for (const char* path :
       {"/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"})
    if (std::ifstream file{path}; file >> group) break;
  return group == 0 ? machine : std::min(group, machine);
}

void read_sizes(NodeStats& stats) {
  std::ifstream file{"/proc/self/statm"};
  std::uint64_t virtual_pages = 0;
  std::uint64_t resident_pages = 0;
  file >> virtual_pages >> resident_pages;
  const auto page = static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
  stats.virtual_bytes = virtual_pages * page;
  stats.resident_bytes = resident_pages * page;
}

void read_times(NodeStats& stats) {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  stats.cpu_seconds = seconds(usage.ru_utime) + seconds(usage.ru_stime);

  // The 22nd field, behind a name in brackets that may hold anything: ticks since the boot
  // (proc(5)).
  std::ifstream file{"/proc/self/stat"};
  file.ignore(std::numeric_limits<std::streamsize>::max(), ')');
  std::string skipped;
  for (int field = 3; field < 22; ++field) file >> skipped;
  std::uint64_t ticks = 0;
  if (!(file >> ticks)) return;
  const std::uint64_t boot_time = number_in("/proc/stat", "btime");
  stats.start_time_seconds = static_cast<double>(boot_time) +
                             static_cast<double>(ticks) / static_cast<double>(sysconf(_SC_CLK_TCK));
}

}  // namespace

NodeStats read_node_stats(const std::string& data_dir) {
  NodeStats stats;
  stats.open_fds = count_open_files();
  stats.max_fds = limit_of_files();
  stats.memory_limit_bytes = memory_limit();
  stats.read_bytes = number_in("/proc/self/io", "read_bytes:");
  stats.write_bytes = number_in("/proc/self/io", "write_bytes:");
  struct statvfs disk {};
  if (statvfs(data_dir.c_str(), &disk) == 0) stats.disk_free_bytes = disk.f_bavail * disk.f_frsize;
  read_sizes(stats);
  read_times(stats);
  return stats;
}

}  // namespace leveret::http::metrics
