#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <functional>
#include <thread>

#include "config.h"

namespace leveret::http {
class Server;
}
namespace leveret::net {
class Server;
}

namespace leveret::server {

class Supervisor;
class Vhosts;
class Watchdog;

/// What ends, and all outlives the Shutdown.
struct ShutdownParts {
  boost::asio::io_context& loop;
  boost::asio::signal_set& signals;
  const Config& config;
  const Supervisor& supervisor;
  Watchdog& watchdog;
  Vhosts& vhosts;
  net::Server& amqp;
  http::Server& http;
  /// Called last, on `loop`.
  std::function<void()> end_loops;
};

/// How a broker that runs ends, step by step on the core's loop, after the first of its signals:
/// consumers get nothing more and have their time to settle what they hold (shutdown.drain_ms),
/// then every connection is closed with 320 and has its time to answer (shutdown.clients_ms), then
/// the loops end. A second signal waits for nobody.
class Shutdown {
 public:
  /// Waits for a signal from now on.
  explicit Shutdown(ShutdownParts parts);
  ~Shutdown();
  Shutdown(const Shutdown&) = delete;
  Shutdown& operator=(const Shutdown&) = delete;

  /// Waits for the thread that stops HTTP, when the loops have ended.
  void join();

 private:
  void await_signal();
  void begin();
  void await_consumers();
  void await_ends();
  void await_clients();

  const ShutdownParts parts_;
  boost::asio::steady_timer timer_;
  std::thread http_stopper_;
  bool is_stopping_ = false;
  bool is_hurried_ = false;  // by a second signal
  bool is_http_stopped_ = false;
  std::chrono::steady_clock::time_point deadline_;
};

}  // namespace leveret::server
