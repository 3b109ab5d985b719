#include "cli/bench/process_usage.h"

#include <unistd.h>

#include <fstream>
#include <sstream>
#include <string>

#include "cli/exit_code.h"

namespace leveret::cli::bench {

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
