#include "http/machine.h"

#include <sys/resource.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <limits>
#include <sstream>
#include <system_error>

namespace leveret::http {
namespace {

/// A number in a file of its own; 0 when there is none.
std::uint64_t read_number(const char* path) {
  std::ifstream file{path};
  std::uint64_t number = 0;
  return file >> number ? number : 0;
}

/// "VmRSS:  1234 kB" in a file such as /proc/self/status, in bytes; other numbers as they are,
/// which may do without the colon ("btime 1234" in /proc/stat).
std::uint64_t read_line(const char* path, std::string_view name) {
  std::ifstream file{path};
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with(name) || line.size() <= name.size()) continue;
    if (line[name.size()] != ':' && line[name.size()] != ' ') continue;
    std::istringstream rest{line.substr(name.size() + 1)};
    std::uint64_t number = 0;
    std::string unit;
    rest >> number >> unit;
    return unit == "kB" ? number * 1024 : number;
  }
  return 0;
}

std::uint64_t read_status(std::string_view name) {
  return read_line("/proc/self/status", name);
}

std::uint64_t positive(long number) {
  return static_cast<std::uint64_t>(std::max(0L, number));
}

std::uint64_t soft_limit(int what) {
  rlimit limit{};
  if (getrlimit(static_cast<__rlimit_resource>(what), &limit) != 0) return 0;
  return limit.rlim_cur == RLIM_INFINITY ? 0 : limit.rlim_cur;
}

std::uint64_t count_entries(const char* path) {
  std::error_code error;
  std::uint64_t count = 0;
  for (std::filesystem::directory_iterator it{path, error}, end; !error && it != end;
       it.increment(error))
    ++count;
  return count;
}

/// The third field of a thread's stat, after its name in parentheses, says what it does.
bool is_running(const std::filesystem::path& task) {
  std::ifstream file{task / "stat"};
  std::string line;
  std::getline(file, line);
  const std::size_t name_end = line.rfind(')');
  return name_end != std::string::npos && line.compare(name_end, 3, ") R") == 0;
}

std::uint64_t count_running() {
  std::error_code error;
  std::uint64_t count = 0;
  for (std::filesystem::directory_iterator it{"/proc/self/task", error}, end; !error && it != end;
       it.increment(error))
    if (is_running(it->path())) ++count;
  return count;
}

/// The 22nd field, behind a name in parentheses that may hold anything: ticks since the boot
/// (proc(5)).
double start_time() {
  std::ifstream file{"/proc/self/stat"};
  file.ignore(std::numeric_limits<std::streamsize>::max(), ')');
  std::string skipped;
  for (int field = 3; field < 22; ++field) file >> skipped;
  std::uint64_t ticks = 0;
  if (!(file >> ticks)) return 0;
  return static_cast<double>(read_line("/proc/stat", "btime")) +
         static_cast<double>(ticks) / static_cast<double>(sysconf(_SC_CLK_TCK));
}

double seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

}  // namespace

std::uint64_t memory_in_use() {
  std::ifstream file{"/proc/self/statm"};
  std::uint64_t size = 0;
  std::uint64_t resident = 0;
  return file >> size >> resident ? resident * positive(sysconf(_SC_PAGESIZE)) : 0;
}

std::uint64_t memory_there_is() {
  const std::uint64_t machine = positive(sysconf(_SC_PHYS_PAGES)) * positive(sysconf(_SC_PAGESIZE));
  // Version 2 of control groups, or 1; "max" is no number.
  std::uint64_t group = read_number("/sys/fs/cgroup/memory.max");
  if (group == 0) group = read_number("/sys/fs/cgroup/memory/memory.limit_in_bytes");
  return group == 0 ? machine : std::min(group, machine);
}

DiskView view_disk(const std::string& path) {
  struct statvfs disk {};
  if (path.empty() || statvfs(path.c_str(), &disk) != 0) return {};
  return {.size = std::uint64_t{disk.f_blocks} * disk.f_frsize,
          .free = std::uint64_t{disk.f_bavail} * disk.f_frsize};
}

MachineView view_machine(const std::string& data_dir) {
  MachineView view;
  view.memory_used = read_status("VmRSS");
  view.memory_limit = memory_there_is();
  view.memory_virtual = read_status("VmSize");
  // Counting opens one itself.
  view.files_used = count_entries("/proc/self/fd");
  if (view.files_used > 0) --view.files_used;
  view.files_limit = soft_limit(RLIMIT_NOFILE);
  view.threads = read_status("Threads");
  view.threads_limit = soft_limit(RLIMIT_NPROC);
  if (view.threads_limit == 0) view.threads_limit = read_number("/proc/sys/kernel/threads-max");
  view.threads_running = count_running();
  rusage usage{};
  if (getrusage(RUSAGE_SELF, &usage) == 0) {
    view.context_switches = static_cast<std::uint64_t>(usage.ru_nvcsw + usage.ru_nivcsw);
    view.cpu_seconds = seconds(usage.ru_utime) + seconds(usage.ru_stime);
  }
  view.started_at_seconds = start_time();
  view.bytes_read = read_line("/proc/self/io", "read_bytes");
  view.bytes_written = read_line("/proc/self/io", "write_bytes");
  view.processors = positive(sysconf(_SC_NPROCESSORS_ONLN));
  view.disk_free = view_disk(data_dir).free;
  return view;
}

MemoryParts view_memory() {
  return {.anonymous = read_status("RssAnon"),
          .files = read_status("RssFile"),
          .shared = read_status("RssShmem")};
}

}  // namespace leveret::http
