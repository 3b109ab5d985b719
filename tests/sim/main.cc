// leveret_sim: the simulation by hand and over night; README.md says how.

#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <limits>
#include <new>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "base/log.h"
#include "sim/shrink.h"

using namespace leveret::sim;

namespace {

constexpr std::string_view usage =
    "leveret_sim --seed N         one run\n"
    "            --seeds A..B     these, 1..1000 without\n"
    "            --minutes M      from the first on, for so long\n"
    "            --jobs N         in so many processes\n"
    "            --replay FILE    the steps in a file\n"
    "            --plant FAULT    with a planted fault: no_sync, lost_ack, ... (plant.h)\n"
    "            --shrink         prints the shortest steps that fail in the same way\n";

struct Arguments {
  std::uint64_t first = 1;
  std::uint64_t last = 1000;
  double minutes = 0;
  std::uint64_t jobs = 1;
  std::uint64_t job = 0;
  std::string replay;
  Plant plant;
  bool shrinks = false;
};

Fault fault_of(std::string_view name) {
  for (int i = 0; i < fault_count; ++i)
    if (name_of(static_cast<Fault>(i)) == name) return static_cast<Fault>(i);
  throw std::runtime_error("there is no fault '" + std::string(name) + "'");
}

Arguments parse(int argc, char** argv) {
  Arguments arguments;
  for (int i = 1; i < argc; ++i) {
    const std::string name = argv[i];
    if (name == "--shrink") {
      arguments.shrinks = true;
      continue;
    }
    if (++i == argc) throw std::runtime_error(name + " wants a value, or is not known");
    const std::string value = argv[i];
    if (name == "--seed") {
      arguments.first = arguments.last = std::stoull(value);
    } else if (name == "--seeds") {
      const std::size_t dots = value.find("..");
      if (dots == std::string::npos) throw std::runtime_error("--seeds wants A..B");
      arguments.first = std::stoull(value.substr(0, dots));
      arguments.last = std::stoull(value.substr(dots + 2));
    } else if (name == "--minutes") {
      arguments.minutes = std::stod(value);
      arguments.last = std::numeric_limits<std::uint64_t>::max();
    } else if (name == "--jobs") {
      arguments.jobs = std::max<std::uint64_t>(std::stoull(value), 1);
    } else if (name == "--replay") {
      arguments.replay = value;
    } else if (name == "--plant") {
      arguments.plant.fault = fault_of(value);
    } else {
      throw std::runtime_error("there is no " + name);
    }
  }
  return arguments;
}

constexpr std::uint64_t shrunk_max = 3;

struct Totals {
  std::uint64_t runs = 0;
  std::uint64_t steps = 0;
  std::uint64_t crashes = 0;
  std::uint64_t published = 0;
  std::uint64_t deliveries = 0;
  std::uint64_t failures = 0;

  void add(const Totals& other) {
    runs += other.runs;
    steps += other.steps;
    crashes += other.crashes;
    published += other.published;
    deliveries += other.deliveries;
    failures += other.failures;
  }
};

/// Counts, and tells of failures and of how far it is.
class Report {
 public:
  Report(const Arguments& arguments, Totals& totals) : arguments_(arguments), totals_(totals) {}

  void add(const std::string& name, const Script& script, const Outcome& outcome) {
    totals_.add({.runs = 1,
                 .steps = outcome.steps,
                 .crashes = outcome.crashes,
                 .published = outcome.published,
                 .deliveries = outcome.deliveries});
    if (outcome.violation) tell(name, script, outcome);
    if (seconds() < next_progress_) return;
    next_progress_ = seconds() + 60;
    std::cerr << totals_.runs << " runs, " << totals_.failures << " failed, at " << name
              << std::endl;
  }

  double seconds() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  }

 private:
  void tell(const std::string& name, const Script& script, const Outcome& outcome) {
    ++totals_.failures;
    const auto line = [&](const Outcome& of) {
      std::cout << name << ": " << of.violation->kind << ": " << of.violation->text << " (step "
                << of.steps << ")" << std::endl;
    };
    line(outcome);
    // Shrinking takes a thousand runs; more of one kind tell nothing new.
    if (!arguments_.shrinks || totals_.failures > shrunk_max) return;
    const Script shrunk = shrink(script, arguments_.plant);
    std::cout << shrunk.to_text();
    line(run(shrunk, arguments_.plant));
  }

  const Arguments& arguments_;
  const std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  double next_progress_ = 60;
  Totals& totals_;
};

void run_file(const Arguments& arguments, Report& report) {
  std::ifstream file(arguments.replay);
  if (!file) throw std::runtime_error("cannot read '" + arguments.replay + "'");
  const Script script = Script::from_text(file);
  report.add(arguments.replay, script, run(script, arguments.plant));
}

void run_seeds(const Arguments& arguments, Report& report) {
  for (std::uint64_t seed = arguments.first + arguments.job; seed <= arguments.last;
       seed += arguments.jobs) {
    if (arguments.minutes > 0 && report.seconds() > arguments.minutes * 60) return;
    const Script script = Script::from_seed(seed);
    report.add("seed " + std::to_string(seed), script, run(script, arguments.plant));
  }
}

/// Runs one process's part.
int work(const Arguments& arguments, Totals& totals) {
  try {
    Report report(arguments, totals);
    arguments.replay.empty() ? run_seeds(arguments, report) : run_file(arguments, report);
    return totals.failures == 0 ? 0 : 1;
  } catch (const std::exception& error) {
    std::cerr << "leveret_sim: " << error.what() << '\n';
    return 2;
  }
}

/// One process a job, since a SQLite is one per process; they count in memory that all see.
int work_in_processes(Arguments arguments, std::vector<Totals>& all) {
  const std::size_t bytes = arguments.jobs * sizeof(Totals);
  void* shared = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (shared == MAP_FAILED) throw std::runtime_error("no memory for the counts");
  auto* totals = new (shared) Totals[arguments.jobs];
  std::vector<pid_t> children;
  for (; arguments.job < arguments.jobs; ++arguments.job) {
    const pid_t child = fork();
    if (child == 0) std::_Exit(work(arguments, totals[arguments.job]));
    if (child > 0) children.push_back(child);
  }
  int result = children.size() == arguments.jobs ? 0 : 2;
  for (const pid_t child : children) {
    int status = 0;
    waitpid(child, &status, 0);
    result = std::max(result, WIFEXITED(status) ? WEXITSTATUS(status) : 2);
  }
  all.assign(totals, totals + arguments.jobs);
  munmap(shared, bytes);
  return result;
}

}  // namespace

int main(int argc, char** argv) {
  leveret::log::set_level(leveret::log::Level::off);
  try {
    const Arguments arguments = parse(argc, argv);
    const auto start = std::chrono::steady_clock::now();
    std::vector<Totals> all(1);
    const int result =
        arguments.jobs > 1 ? work_in_processes(arguments, all) : work(arguments, all.front());
    Totals sum;
    for (const Totals& each : all) sum.add(each);
    const std::chrono::duration<double> time = std::chrono::steady_clock::now() - start;
    std::cout << sum.runs << " runs, " << sum.steps << " steps, " << sum.crashes
              << " crashes and restarts, " << sum.published << " messages published, "
              << sum.deliveries << " delivered, in " << static_cast<int>(time.count())
              << " s: " << sum.failures << " failed\n";
    return result;
  } catch (const std::exception& error) {
    std::cerr << "leveret_sim: " << error.what() << '\n' << usage;
    return 2;
  }
}
