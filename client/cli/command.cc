#include "cli/command.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>

extern "C" {  // The header of glibc 2.36 forgets to say so.
#include <sys/pidfd.h>
}

extern char** environ;  // NOLINT(readability-identifier-naming): POSIX.

namespace leveret::cli {
namespace {

using SteadyClock = std::chrono::steady_clock;

/// A descriptor that is closed at the end of its life.
class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  ~Descriptor() { close(); }
  void close() {
    if (number_ >= 0) ::close(std::exchange(number_, -1));
  }
  int get() const { return number_; }

 private:
  int number_ = -1;
};

void check(int error, const char* what) {
  if (error != 0) throw std::system_error(error, std::generic_category(), what);
}

/// posix_spawn's two parameter blocks.
class SpawnSettings {
 public:
  SpawnSettings() {
    check(posix_spawn_file_actions_init(&actions), "posix_spawn_file_actions_init");
    check(posix_spawnattr_init(&attributes), "posix_spawnattr_init");
    sigset_t none;
    sigset_t all;
    sigemptyset(&none);
    sigfillset(&all);
    // Our own mask and handlers are no business of the command's.
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &all);
    posix_spawnattr_setpgroup(&attributes, 0);
    posix_spawnattr_setflags(
        &attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  }
  SpawnSettings(const SpawnSettings&) = delete;
  SpawnSettings& operator=(const SpawnSettings&) = delete;
  ~SpawnSettings() {
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
  }
  posix_spawn_file_actions_t actions{};
  posix_spawnattr_t attributes{};
};

/// Our environment with `variables` in place of whatever had their names.
std::vector<std::string> environment_with(const CommandRunner::Variables& variables) {
  std::vector<std::string> out;
  for (char** entry = environ; *entry; ++entry) {
    const std::string_view text = *entry;
    const std::string_view name = text.substr(0, text.find('='));
    if (std::ranges::none_of(variables, [&](const auto& one) { return one.first == name; }))
      out.emplace_back(text);
  }
  for (const auto& [name, value] : variables) out.push_back(name + "=" + value);
  return out;
}

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

int to_poll_timeout(SteadyClock::time_point until) {
  if (until == SteadyClock::time_point::max()) return -1;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - SteadyClock::now());
  return static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, 3'600'000));
}

}  // namespace

/// A running process with its input pipe.
class CommandRunner::Child {
 public:
  Child(const CommandOptions& options, const Variables& variables) {
    std::array<int, 2> ends{};
    check(pipe2(ends.data(), O_CLOEXEC) == 0 ? 0 : errno, "pipe");
    const Descriptor read_end(ends[0]);
    input_ = Descriptor(ends[1]);
    fcntl(input_.get(), F_SETFL, O_NONBLOCK);
    SpawnSettings settings;
    posix_spawn_file_actions_adddup2(&settings.actions, read_end.get(), STDIN_FILENO);
    // A command that outlives us must not keep our connection open: the broker would not notice.
    posix_spawn_file_actions_addclosefrom_np(&settings.actions, STDERR_FILENO + 1);
    if (options.output == CommandOutput::to_stderr)
      posix_spawn_file_actions_adddup2(&settings.actions, STDERR_FILENO, STDOUT_FILENO);
    std::vector<std::string> words = options.words;
    std::vector<std::string> environment = environment_with(variables);
    check(posix_spawnp(&pid_, words[0].c_str(), &settings.actions, &settings.attributes,
                       pointers_to(words).data(), pointers_to(environment).data()),
          words[0].c_str());
    // Cannot fail for want of the process: nobody else waits for our children.
    exit_ = Descriptor(pidfd_open(pid_, 0));
  }

  int pid() const { return pid_; }
  void signal(int number) const { ::kill(-pid_, number); }

  /// Writes as much of `left` as fits now; closes the input behind the last byte, or when the
  /// command has stopped reading.
  void feed(std::string_view& left) {
    while (!left.empty()) {
      const ssize_t written = ::write(input_.get(), left.data(), left.size());
      if (written < 0 && errno == EAGAIN) return;
      if (written < 0) break;
      left.remove_prefix(static_cast<std::size_t>(written));
    }
    input_.close();
  }

  /// Waits until the process has ended, input fits, or `until` has come. True when it has ended.
  bool wait(SteadyClock::time_point until) const {
    std::array<pollfd, 2> watched{
        {{exit_.get(), POLLIN, 0}, {input_.get(), POLLOUT, 0}}};  // -1 is ignored by poll.
    ::poll(watched.data(), watched.size(), to_poll_timeout(until));
    return (watched[0].revents & POLLIN) != 0;
  }

  CommandEnd reap() const {
    int status = 0;
    while (waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
    if (WIFSIGNALED(status)) return {CommandEnd::Kind::signalled, WTERMSIG(status), {}};
    return {CommandEnd::Kind::exited, WEXITSTATUS(status), {}};
  }

 private:
  pid_t pid_ = -1;
  Descriptor input_;
  Descriptor exit_;
};

CommandEnd CommandRunner::run(std::string_view input, const Variables& variables) {
  try {
    std::unique_lock lock(mutex_);
    if (is_cancelled_) return {CommandEnd::Kind::cancelled, 0, {}};
    Child child(options_, variables);
    groups_.insert(child.pid());
    lock.unlock();
    return watch(child, input);
  } catch (const std::system_error& error) {
    return {CommandEnd::Kind::not_started, error.code().value(), error.what()};
  }
}

CommandEnd CommandRunner::watch(Child& child, std::string_view input) {
  constexpr auto never = SteadyClock::time_point::max();
  auto until = options_.timeout.count() == 0 ? never : SteadyClock::now() + options_.timeout;
  enum class Stage { running, terminated, killed } stage = Stage::running;
  bool is_timed_out = false;
  for (;;) {
    child.feed(input);
    if (child.wait(until)) break;
    if (SteadyClock::now() < until) continue;
    is_timed_out = true;
    child.signal(stage == Stage::running ? SIGTERM : SIGKILL);
    until = stage == Stage::running ? SteadyClock::now() + options_.grace : never;
    stage = stage == Stage::running ? Stage::terminated : Stage::killed;
  }
  // What the command has left behind must not outlive a job that we ended.
  const std::lock_guard lock(mutex_);
  if (is_timed_out || is_cancelled_) child.signal(SIGKILL);
  groups_.erase(child.pid());
  CommandEnd end = child.reap();
  if (is_cancelled_ && end.kind == CommandEnd::Kind::signalled)
    end.kind = CommandEnd::Kind::cancelled;
  else if (is_timed_out)
    end.kind = CommandEnd::Kind::timed_out;
  return end;
}

void CommandRunner::cancel_all() {
  const std::lock_guard lock(mutex_);
  is_cancelled_ = true;
  for (const int group : groups_) ::kill(-group, SIGKILL);
}

}  // namespace leveret::cli
