// Sends messages through the broker without sockets, for callgrind to count the instructions:
//
//   count_path transient|job MESSAGES
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "micro/path.h"

int main(int argc, char** argv) {
  using leveret::bench::Path;
  const std::string_view kind = argc == 3 ? argv[1] : "";
  if (kind != "transient" && kind != "job") {
    std::fprintf(stderr, "usage: count_path transient|job MESSAGES\n");
    return 64;
  }
  const bool is_job = kind == "job";
  Path path(is_job ? Path::Kind::job : Path::Kind::transient, is_job ? 1024 : 16);
  for (long left = std::atol(argv[2]); left > 0; left -= Path::batch) path.run_batch();
  return 0;
}
