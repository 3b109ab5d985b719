#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>

namespace leveret::client {

/// Why a channel or a connection is over.
struct CloseReason {
  /// The server's reply code (amqp/reply_code.h); 0 when it gave none: the socket failed, or the
  /// handshake did.
  std::uint16_t reply_code = 0;
  std::string text;
  /// True when the whole connection ended, false when only the channel did.
  bool is_connection = false;
};

/// Base of everything the library throws, but for std::invalid_argument on bad arguments.
class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// The connection could not be made or is over. `reply_code` as in CloseReason.
class ConnectionError : public Error {
 public:
  explicit ConnectionError(const std::string& text, std::uint16_t code = 0)
      : Error(text), reply_code(code) {}
  std::uint16_t reply_code;
};

/// False for refusals that no new attempt changes: a wrong password, a missing vhost, a broken
/// rule.
bool is_worth_retrying(const ConnectionError& error);

/// The server closed the channel with `reply_code`; the connection goes on.
class ChannelError : public Error {
 public:
  ChannelError(const std::string& text, std::uint16_t code) : Error(text), reply_code(code) {}
  std::uint16_t reply_code;
};

/// The server did not answer in time. What was asked for may still happen.
class Timeout : public Error {
 public:
  using Error::Error;
};

}  // namespace leveret::client
