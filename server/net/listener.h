#pragma once

#include <functional>
#include <memory>
#include <string>

#include "net/asio.h"

namespace leveret::net {

struct SessionLoop;

/// Accepts connections on one address. Its coroutine and the server share it; it lives on the loop
/// of its acceptor.
class Listener final : public std::enable_shared_from_this<Listener> {
 public:
  /// Gives the loop that the next connection shall live on.
  using NextLoop = std::function<SessionLoop&()>;
  using OnAccept = std::function<void(SessionLoop&, tcp::socket)>;

  /// Opens the port. Throws std::runtime_error naming the address.
  Listener(asio::io_context& io, const std::string& address, std::uint16_t port);

  std::uint16_t port() const { return port_; }
  /// Both functions are called on the acceptor's loop, until close().
  void start(NextLoop next_loop, OnAccept on_accept);
  /// On the acceptor's loop.
  void close();

 private:
  static asio::awaitable<void> accept_all(std::shared_ptr<Listener> self);

  tcp::acceptor acceptor_;
  asio::steady_timer pause_;
  std::uint16_t port_ = 0;
  NextLoop next_loop_;
  OnAccept on_accept_;
};

}  // namespace leveret::net
