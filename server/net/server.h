#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "auth/users.h"
#include "base/clock.h"
#include "broker/core.h"
#include "net/handshake.h"
#include "net/network.h"
#include "tls/context.h"

namespace boost::asio {
class io_context;
}

namespace leveret::net {

/// What a connection goes by from its first octet on.
struct ConnectionRules {
  tls::LoginRule login_rule;
  /// Connections from here begin with a proxy's header, which says who the client is.
  std::vector<Network> proxies;
  Tuning tuning;
  std::uint64_t message_bytes_max = std::uint64_t{128} << 20U;
  /// Of messages that have not come whole, on all channels of a connection.
  std::uint64_t unfinished_bytes_max = std::uint64_t{512} << 20U;
  /// What a client says of itself may take so much memory.
  std::size_t client_properties_bytes_max = Handshake::default_client_properties_bytes_max;
  /// A client that takes nothing for so long while there is output for it is cut off.
  TimeMs stall_ms_max = 30'000;
  /// How long a client may take from its connection to connection.open, and how many may be on that
  /// way at once, and of one address; the next one is closed without a word.
  TimeMs handshake_ms_max = 10'000;
  std::size_t handshakes_max = 20'000;
  std::size_t handshakes_per_address_max = 5'000;
};

struct ServerOptions {
  /// Addresses to listen on, such as "0.0.0.0" or "::1".
  std::vector<std::string> addresses{"0.0.0.0"};
  /// For plain connections; nothing for none, 0 lets the system choose.
  std::optional<std::uint16_t> port = 5672;
  /// For TLS connections; in use with `tls` only.
  std::optional<std::uint16_t> tls_port;
  std::shared_ptr<const tls::Context> tls;
  ConnectionRules rules;
  /// As many sockets as the process can spare: while there are so many, nobody is let in.
  std::size_t sessions_max = std::numeric_limits<std::size_t>::max();
  /// How long a client may take to answer a close.
  TimeMs close_ms_max = 10'000;
  /// Told to clients.
  std::string version;
};

/// The AMQP side of the broker: an entrance with a thread of its own, and sessions on loops that
/// others run. Sessions are spread over the loops in turn.
///
/// The loops, the directory and the users outlive it. It is destroyed when the loops have stopped.
/// All members may be called from any thread.
class Server {
 public:
  /// `loops` must not be empty.
  Server(ServerOptions options, const std::vector<boost::asio::io_context*>& loops,
         broker::CoreDirectory& directory, auth::Users& users);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  /// Opens the ports and starts accepting. Throws std::runtime_error naming the address when one
  /// cannot be had.
  void listen();
  /// The ports of the first address, nothing for what is off; after listen().
  std::optional<std::uint16_t> port() const;
  std::optional<std::uint16_t> tls_port() const;

  /// For connections to come.
  void change_rules(ConnectionRules rules);
  /// There is a memory alarm, or no longer: meanwhile no session reads on in the middle of a
  /// message, and those for which it takes too long are closed.
  void set_memory_short(bool is_short);
  /// Runs `work` on the entrance's loop, unless that has ended.
  void post(std::function<void()> work);

  /// Stops accepting, and ends connections that are not open yet. The open ones are closed through
  /// their cores.
  void stop_accepting();
  /// Ends all sessions at once.
  void end_sessions();
  std::size_t session_count() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace leveret::net
