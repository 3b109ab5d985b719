#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "auth/users.h"
#include "broker/core.h"
#include "broker/import_log.h"
#include "broker/parameters.h"
#include "http/limits.h"
#include "http/metrics/loop_lag.h"
#include "http/resources.h"
#include "http/settings.h"
#include "tls/context.h"

namespace leveret::http {

/// The settings of the HTTP side.
struct Options {
  /// An IPv4 or IPv6 address; bound to a loopback address, only requests for this machine's own
  /// names are answered, so that no web page can reach us through a name of its own (DNS
  /// rebinding).
  std::string bind = "127.0.0.1";
  /// For plain connections; nothing for none, 0 picks a free port.
  std::optional<std::uint16_t> port = 15672;
  /// For TLS connections; in use with `tls` only.
  std::optional<std::uint16_t> tls_port;
  std::shared_ptr<const tls::Context> tls;
  /// Further values of the Host header to accept when bound to a loopback address, without port:
  /// the names of a reverse proxy in front of us.
  std::vector<std::string> hosts;
  /// Where GET /metrics is answered without a login, and nothing else; nothing for none.
  std::optional<std::uint16_t> metrics_port;
  std::vector<std::string> metrics_bind{"127.0.0.1"};
  /// What nodes and metrics tell of: the free room where this is, and the server's loops.
  std::string data_dir = ".";
  std::vector<LoopHandle> loops;
  std::function<ResourceMarks()> resource_marks = [] { return ResourceMarks{}; };
  Limits limits;
  /// Those of the whole broker, to show and to change; outlive the server.
  Settings* settings = nullptr;
};

/// What it shows and changes.
struct Directories {
  std::shared_ptr<broker::CoreDirectory> cores;
  std::shared_ptr<auth::Users> users;
  std::shared_ptr<broker::ParameterDirectory> parameters;
  std::shared_ptr<broker::ImportLog> imports;
};

/// What the rest of the server listens on, for the overview to tell.
struct ListenerInfo {
  struct Listener {
    std::string protocol;  // "amqp", "amqp/ssl"
    std::string ip_address;
    std::uint16_t port = 0;
  };
  std::vector<Listener> listeners;
  /// The version of the product, such as "0.1.0".
  std::string version = "0.1.0";
};

/// The management API and the dashboard, by HTTP and HTTPS. It runs on a thread of its own and
/// reaches the virtual hosts only through their cores' mailboxes.
class Server {
 public:
  /// Opens the ports. Throws std::system_error when the address cannot be bound; what() names it.
  Server(Options options, Directories directories, ListenerInfo listeners);
  /// Calls stop().
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  /// The ports that it listens on, nothing for what is off.
  std::optional<std::uint16_t> port() const;
  std::optional<std::uint16_t> tls_port() const;
  std::optional<std::uint16_t> metrics_port() const;
  /// Starts the thread that accepts and answers. Call once.
  void start();
  /// Other values for Options::hosts; any thread.
  void set_hosts(std::vector<std::string> hosts);
  /// Other limits for what begins from now on; any thread.
  void set_limits(const Limits& limits);
  /// Runs `work` on its thread, unless that has ended; any thread.
  void post(std::function<void()> work);
  /// Closes every connection and joins the thread; may be called twice. Call it before the cores
  /// stop: answers that a core still owes are waited for, at most two seconds.
  void stop();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace leveret::http
