#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>

namespace leveret::server {

/// The service manager that has started us, such as systemd: tells it how we are, by a datagram to
/// the socket that it has named (sd_notify(3)). Without one nothing happens.
class Supervisor {
 public:
  /// Looks up an environment variable, null when it is not set.
  using Environment = std::function<const char*(const char* name)>;

  /// Reads NOTIFY_SOCKET, and WATCHDOG_USEC when WATCHDOG_PID is ours or not there.
  explicit Supervisor(const Environment& environment);

  /// How often to feed(): half the time after which it would take us for dead; nothing when it has
  /// no watchdog.
  std::optional<std::chrono::microseconds> watchdog_period() const { return period_; }

  // Failing to tell is not an error of ours.
  void ready() const { tell("READY=1"); }
  void reloading() const;
  void stopping() const { tell("STOPPING=1"); }
  void feed() const { tell("WATCHDOG=1"); }

 private:
  void tell(const std::string& text) const;

  std::string socket_path_;
  std::optional<std::chrono::microseconds> period_;
};

}  // namespace leveret::server
