#include "cli/bench/machine.h"

#include <sys/statfs.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cmath>
#include <fstream>
#include <string_view>
#include <thread>

namespace leveret::cli::bench {
namespace {

/// What stands behind the first of `path`'s lines that begins with `name`, and behind `separator`.
std::string value_in(const char* path, std::string_view name, char separator) {
  std::ifstream in(path);
  for (std::string line; std::getline(in, line);) {
    if (!line.starts_with(name)) continue;
    std::string value = line.substr(line.find(separator) + 1);
    std::erase(value, '"');
    value.erase(0, value.find_first_not_of(' '));
    return value;
  }
  return {};
}

std::string file_system_of(const std::string& directory) {
  struct statfs system {};
  if (statfs(directory.c_str(), &system) != 0) return {};
  // The numbers of linux/magic.h that are met under a broker's data.
  switch (static_cast<unsigned long>(system.f_type)) {
    case 0xEF53: return "ext4";
    case 0x58465342: return "XFS";
    case 0x9123683E: return "Btrfs";
    case 0x01021994: return "tmpfs (memory: its syncs cost nothing)";
    case 0x794C7630: return "overlayfs";
    case 0x2FC12FC1: return "ZFS";
    default: return "another file system";
  }
}

}  // namespace

std::string machine_in_words(const std::string& directory) {
  const unsigned cores = std::thread::hardware_concurrency();
  std::string processor = value_in("/proc/cpuinfo", "model name", ':');
  if (processor.empty()) processor = "an unnamed processor";
  const double memory = static_cast<double>(sysconf(_SC_PHYS_PAGES)) *
                        static_cast<double>(sysconf(_SC_PAGESIZE)) / (1 << 30);
  utsname system{};
  uname(&system);
  std::string words = std::to_string(cores) + (cores == 1 ? " core of " : " cores of ") +
                      processor + ", " + std::to_string(std::lround(memory)) + " GiB, ";
  if (const auto name = value_in("/etc/os-release", "PRETTY_NAME", '='); !name.empty())
    words += name + ", ";
  words += std::string{system.sysname} + " " + system.release;
  if (value_in("/proc/cpuinfo", "flags", ':').find("hypervisor") != std::string::npos)
    words += ", virtual machine";
  if (!directory.empty()) words += ", " + file_system_of(directory);
  return words;
}

}  // namespace leveret::cli::bench
