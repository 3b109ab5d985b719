#include "cli/bench/process_usage.h"

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <string>

#include "cli/exit_code.h"

namespace leveret::cli::bench {
namespace {

namespace fs = std::filesystem;

/// The inodes of the sockets that listen on `port`, by a file such as /proc/net/tcp (proc(5)).
void add_listening(const char* path, std::uint16_t port, std::set<std::string>& links) {
  std::ifstream in(path);
  std::string line;
  std::getline(in, line);  // The headings.
  while (std::getline(in, line)) {
    std::istringstream fields(line);
    std::string skipped;
    std::string local;
    std::string state;
    fields >> skipped >> local >> skipped >> state;
    constexpr const char* listening = "0A";
    if (state != listening || std::stoul(local.substr(local.find(':') + 1), nullptr, 16) != port)
      continue;
    std::string inode;
    constexpr int fields_before_inode = 5;
    for (int i = 0; i < fields_before_inode; ++i) fields >> skipped;
    fields >> inode;
    links.insert("socket:[" + inode + "]");
  }
}

bool has_one_of(const fs::path& descriptors, const std::set<std::string>& links) {
  std::error_code error;
  for (fs::directory_iterator each(descriptors, error), end; !error && each != end;
       each.increment(error)) {
    std::error_code unreadable;
    if (links.contains(fs::read_symlink(each->path(), unreadable).string())) return true;
  }
  return false;
}

bool is_number(const std::string& name) {
  return !name.empty() && name.find_first_not_of("0123456789") == std::string::npos;
}

}  // namespace

std::optional<int> find_listener(const std::string& host, std::uint16_t port) {
  if (host != "localhost" && host != "::1" && !host.starts_with("127.")) return std::nullopt;
  std::set<std::string> links;
  for (const char* path : {"/proc/net/tcp", "/proc/net/tcp6"}) add_listening(path, port, links);
  if (links.empty()) return std::nullopt;
  std::error_code error;
  for (fs::directory_iterator each("/proc", error), end; !error && each != end;
       each.increment(error)) {
    const std::string name = each->path().filename().string();
    if (is_number(name) && has_one_of(each->path() / "fd", links)) return std::stoi(name);
  }
  return std::nullopt;
}

ProcessUsage usage_of(int pid) {
  const std::string path = "/proc/" + std::to_string(pid) + "/stat";
  std::ifstream in(path);
  std::string line;
  if (!std::getline(in, line))
    throw Failure{Exit::not_found, "there is no process " + std::to_string(pid),
                  "--server-pid and --against-pid are process numbers on this machine"};
  // The name, in parentheses, may hold anything; fields are counted behind it (proc(5)).
  std::istringstream fields(line.substr(line.rfind(')') + 2));
  std::string skipped;
  constexpr int fields_before_utime = 11;
  for (int i = 0; i < fields_before_utime; ++i) fields >> skipped;
  double user_ticks = 0;
  double system_ticks = 0;
  fields >> user_ticks >> system_ticks;
  constexpr int fields_between_stime_and_rss = 8;
  for (int i = 0; i < fields_between_stime_and_rss; ++i) fields >> skipped;
  std::uint64_t pages = 0;
  fields >> pages;
  ProcessUsage usage;
  usage.cpu_seconds = (user_ticks + system_ticks) / static_cast<double>(sysconf(_SC_CLK_TCK));
  usage.rss_bytes = pages * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
  return usage;
}

}  // namespace leveret::cli::bench
