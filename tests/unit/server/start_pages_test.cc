#include "start_pages.h"

#include <gtest/gtest.h>

#include <fstream>
#include <string>

namespace leveret::server {
namespace {

/// What is mapped of files, in KiB (proc(5), /proc/pid/status).
long mapped_of_files() {
  std::ifstream status{"/proc/self/status"};
  for (std::string line; std::getline(status, line);)
    if (line.starts_with("RssFile:")) return std::stol(line.substr(8));
  return 0;
}

TEST(StartPages, AreLetGoAndComeBackAsTheyAreNeeded) {
  const long before = mapped_of_files();
  let_go_of_start_pages();
  const long after = mapped_of_files();
  EXPECT_GT(after, 0);
  EXPECT_LT(after, before);
}

}  // namespace
}  // namespace leveret::server
