#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "running_config.h"

namespace leveret::server {

/// A start that failed for a reason outside of the program; `exit_code` as sysexits has it.
class StartError : public std::runtime_error {
 public:
  StartError(const std::string& text, int exit_code)
      : std::runtime_error(text), exit_code_(exit_code) {}
  int exit_code() const { return exit_code_; }

 private:
  int exit_code_;
};

/// What main() ends with (sysexits.h).
inline constexpr int exit_usage = 64;
inline constexpr int exit_data = 65;
inline constexpr int exit_unavailable = 69;
inline constexpr int exit_cannot_create = 73;
inline constexpr int exit_io_error = 74;
inline constexpr int exit_config = 78;

/// Whether the files that the settings name can be used. Throws StartError.
void check_files(const Config& config);

/// The whole broker: data directory, virtual hosts, AMQP and HTTP. Made, started, run and destroyed
/// on one thread, which becomes the loop of the cores.
class Server {
 public:
  /// Locks the data directory and recovers what it holds. `config` outlives this. Throws
  /// StartError.
  Server(RunningConfig& config, std::string version);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  /// Opens the ports. Throws StartError.
  void start();
  /// The ports that are open, as "amqp=5672 http=15672 amqps=5671 https=15671
  /// metrics=15692".
  std::string ports() const;
  /// Absolute.
  const std::string& data_dir() const;

  /// SIGHUP makes it read its settings and certificates again.
  ///
  /// Runs until SIGTERM or SIGINT: stops accepting, gives consumers their time to settle what they
  /// hold, closes every connection with 320 and gives clients their time to answer, writes
  /// everything to disk. A second signal does not wait for clients.
  void run();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace leveret::server
