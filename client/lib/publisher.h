#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "lib/backoff.h"
#include "lib/connection.h"
#include "lib/message.h"

namespace leveret::client {

struct PublisherOptions {
  ConnectionOptions connection;
  /// How many messages may be unconfirmed at a time.
  std::size_t window = 1024;
  /// How long to try to reconnect before giving up; 0 never reconnects.
  std::chrono::milliseconds reconnect_for{30'000};
  /// Called before each wait for another attempt to reconnect, on the publishing thread.
  std::function<void(const Error& why, std::chrono::milliseconds wait)> on_reconnect;
};

/// Publishes with confirms and sees every message through: what was not confirmed when the
/// connection broke is published again on the next one, in order, so a message can arrive twice but
/// is not lost. Used by one thread at a time; all reconnecting happens inside its calls.
class Publisher {
 public:
  /// A message that the broker did not take.
  struct Failure {
    std::uint64_t id = 0;
    enum class Kind { unroutable, refused } kind = Kind::unroutable;
    std::string exchange;
    std::string routing_key;
    /// The reply text of basic.return; empty for basic.nack, which carries none.
    std::string text;
  };
  struct Counts {
    std::uint64_t published = 0;
    std::uint64_t confirmed = 0;
    std::uint64_t unroutable = 0;
    std::uint64_t refused = 0;
    /// Sent again after a reconnect.
    std::uint64_t republished = 0;
  };

  /// Connects. Throws ConnectionError.
  explicit Publisher(Url url, PublisherOptions options = {});
  ~Publisher();
  Publisher(const Publisher&) = delete;
  Publisher& operator=(const Publisher&) = delete;

  /// Publishes and returns the message's id, counted from 1. Waits while the window is full.
  /// Throws ConnectionError when reconnecting failed for too long or is pointless, ChannelError
  /// when the broker closed the channel, as it does for an exchange that does not exist.
  std::uint64_t publish(std::shared_ptr<const Envelope> envelope, std::string body);
  /// Returns when every message so far is confirmed, returned or refused. Throws as publish().
  void flush();
  /// Failures since the last call.
  std::vector<Failure> take_failures();
  Counts counts() const;
  /// The broker's reason while it does not read publishes.
  std::optional<std::string> blocked_reason() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace leveret::client
