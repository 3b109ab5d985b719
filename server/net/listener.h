#pragma once

#include <functional>
#include <memory>
#include <string>

#include "net/asio.h"

namespace leveret::net {

/// Accepts connections on one address. Its coroutine and the server share it; it lives on the loop
/// of its acceptor.
class Listener final : public std::enable_shared_from_this<Listener> {
 public:
  /// Whether one more can be let in.
  using HasRoom = std::function<bool()>;
  using OnAccept = std::function<void(tcp::socket)>;

  /// Opens the port. Throws std::runtime_error naming the address.
  Listener(asio::io_context& io, const std::string& address, std::uint16_t port);

  std::uint16_t port() const { return port_; }
  /// The functions are called on the acceptor's loop, until close().
  void start(HasRoom has_room, OnAccept on_accept);
  /// On the acceptor's loop.
  void close();

 private:
  static asio::awaitable<void> accept_all(std::shared_ptr<Listener> self);
  static asio::awaitable<void> pause(std::shared_ptr<Listener> self, std::string reason);

  tcp::acceptor acceptor_;
  asio::steady_timer pause_;
  bool is_paused_ = false;
  std::uint16_t port_ = 0;
  HasRoom has_room_;
  OnAccept on_accept_;
};

}  // namespace leveret::net
