#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <unordered_set>
#include <vector>

#include "base/log_allowance.h"
#include "broker/core.h"
#include "net/asio.h"
#include "net/listener.h"
#include "net/login_pool.h"
#include "net/opening.h"
#include "net/place.h"
#include "net/server.h"

namespace leveret::net {

/// Where clients come in: a thread of its own accepts them and goes through proxy header, TLS,
/// handshake and login with each, so that a flood of connections costs the loops that carry
/// messages nothing. It gives way to them. What is open is handed over.
///
/// Public members without a note: any thread. Those for openings: on the entrance's own loop.
class Entrance {
 public:
  /// Called on the entrance's loop.
  using OnOpen = std::function<void(OpenConnection)>;

  /// `options`, `directory` and `users` outlive it. `count` is of all connections, open or not.
  Entrance(const ServerOptions& options, broker::CoreDirectory& directory, auth::Users& users,
           Place::Count count, OnOpen on_open);
  /// Stops the thread; clients that were on their way are closed.
  ~Entrance();
  Entrance(const Entrance&) = delete;
  Entrance& operator=(const Entrance&) = delete;

  /// Opens the ports and starts accepting. Throws std::runtime_error naming the address when one
  /// cannot be had.
  void listen();
  /// The ports of the first address, nothing for what is off; after listen().
  std::optional<std::uint16_t> port() const;
  std::optional<std::uint16_t> tls_port() const;
  /// For connections to come.
  void change_rules(ConnectionRules rules);
  /// Stops accepting, and ends connections that are not open yet.
  void close();

  // For openings.
  asio::io_context::executor_type executor() { return io_.get_executor(); }
  const ServerOptions& options() const { return options_; }
  broker::CoreDirectory& directory() { return directory_; }
  LoginPool& logins() { return logins_; }
  std::shared_ptr<const ConnectionRules> rules() const {
    const std::lock_guard lock{rules_mutex_};
    return rules_;
  }
  Place take_place() { return Place{count_}; }
  /// `from` is where its socket leads to, a proxy's address if there is one.
  void add(Opening& opening, const asio::ip::address& from);
  void remove(Opening& opening, const asio::ip::address& from);
  bool is_proxy(const asio::ip::address& address) const;
  /// Logs what went wrong, unless there are too many such lines: anybody can cause them.
  void warn(std::string_view what, const std::string& connection, std::string_view reason);
  void hand_over(OpenConnection connection) { on_open_(std::move(connection)); }

 private:
  using Listeners = std::vector<std::shared_ptr<Listener>>;

  Listeners open(std::optional<std::uint16_t> port);
  void accept(const Listeners& listeners, bool is_tls);
  void admit(tcp::socket socket, bool is_tls);
  bool has_place_for(const tcp::socket& socket) const;

  const ServerOptions& options_;
  broker::CoreDirectory& directory_;
  const Place::Count count_;
  const OnOpen on_open_;
  // Not an atomic one: libstdc++'s, of GCC 12, lets go of its lock before it has been read.
  mutable std::mutex rules_mutex_;
  std::shared_ptr<const ConnectionRules> rules_;
  std::unordered_set<Opening*> openings_;
  std::map<asio::ip::address, std::size_t> openings_from_;
  LogAllowance refusals_;
  asio::io_context io_{1};
  asio::executor_work_guard<asio::io_context::executor_type> work_{io_.get_executor()};
  LoginPool logins_;
  Listeners plain_;
  Listeners tls_;
  std::thread thread_;
};

}  // namespace leveret::net
