// leveret_sim: runs the simulation by hand and over night; README.md says how.

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <stdexcept>
#include <string>
#include <string_view>

#include "base/log.h"
#include "sim/shrink.h"

using namespace leveret::sim;

namespace {

struct Arguments {
  std::uint64_t first = 1;
  std::uint64_t last = 1000;
  double minutes = 0;
  std::string replay;
  bool shrinks = false;
};

constexpr std::string_view usage =
    "leveret_sim --seed N | --seeds A..B | --minutes M | --replay FILE\n";

Arguments parse(int argc, char** argv) {
  Arguments arguments;
  for (int i = 1; i < argc; i += 2) {
    const std::string name = argv[i];
    if (name == "--shrink") {
      arguments.shrinks = true;
      --i;
      continue;
    }
    if (i + 1 >= argc) throw std::runtime_error(name + " wants a value");
    const std::string value = argv[i + 1];
    if (name == "--seed") {
      arguments.first = arguments.last = std::stoull(value);
    } else if (name == "--seeds") {
      const std::size_t dots = value.find("..");
      if (dots == std::string::npos) throw std::runtime_error("--seeds wants A..B");
      arguments.first = std::stoull(value.substr(0, dots));
      arguments.last = std::stoull(value.substr(dots + 2));
    } else if (name == "--minutes") {
      arguments.minutes = std::stod(value);
    } else if (name == "--replay") {
      arguments.replay = value;
    } else {
      throw std::runtime_error("there is no " + name);
    }
  }
  return arguments;
}

}  // namespace

int main(int argc, char** argv) {
  leveret::log::set_level(leveret::log::Level::off);
  try {
    const Arguments arguments = parse(argc, argv);
    std::uint64_t steps = 0, crashes = 0, published = 0, deliveries = 0, runs = 0, failures = 0;
    const auto start = std::chrono::steady_clock::now();
    const auto seconds = [&] {
      return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    };
    for (std::uint64_t seed = arguments.first;
         arguments.minutes > 0 ? seconds() < arguments.minutes * 60 : seed <= arguments.last;
         ++seed) {
      const Outcome outcome = run(Script::from_seed(seed));
      ++runs;
      steps += outcome.steps;
      crashes += outcome.crashes;
      published += outcome.published;
      deliveries += outcome.deliveries;
      if (outcome.violation) {
        ++failures;
        std::printf("seed %llu: %s: %s (step %zu)\n", static_cast<unsigned long long>(seed),
                    outcome.violation->kind.c_str(), outcome.violation->text.c_str(),
                    outcome.steps);
      }
    }
    std::printf(
        "%llu runs, %llu steps, %llu crashes, %llu published, %llu delivered, %llu failed, %.1f "
        "s\n",
        static_cast<unsigned long long>(runs), static_cast<unsigned long long>(steps),
        static_cast<unsigned long long>(crashes), static_cast<unsigned long long>(published),
        static_cast<unsigned long long>(deliveries), static_cast<unsigned long long>(failures),
        seconds());
    return failures == 0 ? 0 : 1;
  } catch (const std::exception& error) {
    std::cerr << "leveret_sim: " << error.what() << '\n' << usage;
    return 2;
  }
}
