#pragma once

#include <chrono>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace leveret::cli {

/// How a command ended.
struct CommandEnd {
  enum class Kind {
    /// By itself, with `status`.
    exited,
    /// By the signal `status`, sent by whoever.
    signalled,
    /// Ended by us for taking longer than it may.
    timed_out,
    /// Ended by us because of cancel_all().
    cancelled,
    /// There was nothing to run; `why` says what the system said.
    not_started,
  };
  Kind kind = Kind::exited;
  int status = 0;
  std::string why;
};

/// Where a command's standard output goes.
enum class CommandOutput { inherited, to_stderr };

struct CommandOptions {
  std::vector<std::string> words;
  /// 0: as long as it takes.
  std::chrono::milliseconds timeout{0};
  /// Between SIGTERM and SIGKILL.
  std::chrono::milliseconds grace{10'000};
  CommandOutput output = CommandOutput::inherited;
};

/// Runs one command, any number of times and on any threads at once. Each run is a process group of
/// its own, so that ending it ends its children too. The process has to ignore SIGPIPE: a command
/// need not read its input.
class CommandRunner {
 public:
  using Variables = std::vector<std::pair<std::string, std::string>>;

  explicit CommandRunner(CommandOptions options) : options_(std::move(options)) {}

  /// Runs the command with `input` on its standard input and `variables` added to our environment;
  /// blocks until it has ended.
  CommandEnd run(std::string_view input, const Variables& variables);
  /// Kills all that run, at once, and lets nothing new start.
  void cancel_all();

 private:
  class Child;
  CommandEnd watch(Child& child, std::string_view input);

  const CommandOptions options_;
  std::mutex mutex_;
  bool is_cancelled_ = false;
  std::set<int> groups_;
};

}  // namespace leveret::cli
