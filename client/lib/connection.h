#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "lib/error.h"
#include "lib/loop.h"
#include "lib/url.h"

namespace leveret::client {

class Link;

/// What a connection tells; called on the loop's thread, where nothing may block.
class ConnectionListener {
 public:
  virtual ~ConnectionListener() = default;
  /// The broker stops reading publishes (connection.blocked), such as for a full disk.
  virtual void on_blocked(std::string_view /*reason*/) {}
  virtual void on_unblocked() {}
  /// All that was written has been given to the socket: a good time to write more.
  virtual void on_drained() {}
  /// Once, when the connection is over for any reason.
  virtual void on_closed(const CloseReason& /*reason*/) {}
};

struct ConnectionOptions {
  /// Shown by the broker's management pages ("connection_name").
  std::string name = "leveret-client";
  std::chrono::milliseconds connect_timeout{10'000};
  /// How long a blocking call waits for the broker's answer.
  std::chrono::milliseconds reply_timeout{60'000};
  /// Seconds; the URL's "heartbeat" comes first. 0 turns heartbeats off.
  std::uint16_t heartbeat_s = 30;
  std::uint32_t frame_max = 131072;
  /// The read buffer at first, in bytes; it grows to hold the largest frame. Less makes many idle
  /// connections cheap.
  std::size_t read_bytes = 256 * 1024;
  /// Must outlive the connection.
  ConnectionListener* listener = nullptr;
};

/// One AMQP connection. Any thread may use it; its channels do the work (channel.h).
class Connection {
 public:
  /// Connects, logs in and opens the vhost; blocks until that is done. Throws ConnectionError.
  explicit Connection(const Url& url, ConnectionOptions options = {});
  /// The same on a loop that several connections share.
  Connection(Loop& loop, const Url& url, ConnectionOptions options = {});
  /// Closes. No callback runs after it.
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  /// Says goodbye and waits, shortly, for the broker's answer. Unacknowledged deliveries go back
  /// to their queues. Nothing happens when it is closed already.
  void close();
  bool is_open() const;
  /// Why it is over; nothing while it is open.
  std::optional<CloseReason> close_reason() const;
  /// The broker's reason while it does not read publishes.
  std::optional<std::string> blocked_reason() const;
  Loop& loop();

 private:
  friend class Channel;
  std::unique_ptr<Loop> own_loop_;
  Loop& loop_;
  /// Shared with the coroutines that run it, and with channels that outlive us in a closed state.
  std::shared_ptr<Link> link_;
};

}  // namespace leveret::client
