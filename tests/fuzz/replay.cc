// The fuzzer's place in a build without libFuzzer: feeds every file of the corpora named on the
// command line to the harness.

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>
#include <string>

#include "harness.h"

namespace {

void run(const std::filesystem::path& path) {
  std::ifstream file{path, std::ios::binary};
  const std::string input{std::istreambuf_iterator<char>{file}, {}};
  // An exact copy, so that AddressSanitizer sees a read past the end.
  const auto exact = std::make_unique<std::uint8_t[]>(input.size());
  std::copy(input.begin(), input.end(), exact.get());
  LLVMFuzzerTestOneInput(exact.get(), input.size());
}

}  // namespace

int main(int argc, char** argv) {
  std::size_t inputs = 0;
  for (int i = 1; i < argc; ++i) {
    for (const auto& entry : std::filesystem::directory_iterator{argv[i]}) {
      run(entry.path());
      ++inputs;
    }
  }
  std::cout << inputs << " inputs replayed\n";
  return inputs > 0 ? 0 : 1;
}
