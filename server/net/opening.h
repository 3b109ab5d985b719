#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "broker/connection_info.h"
#include "broker/core.h"
#include "net/asio.h"
#include "net/handshake.h"
#include "net/place.h"
#include "net/server.h"
#include "net/stream.h"

namespace leveret::net {

class Entrance;

/// A connection that its handshake has opened, on its way from the entrance to its loop.
struct OpenConnection {
  Stream stream;
  Place place;
  broker::ConnectionInfo info;
  /// As the client has called itself; empty when it has not.
  std::string client_name;
  std::uint64_t message_bytes_max;
  std::uint64_t unfinished_bytes_max;
  TimeMs stall_ms_max;
  std::shared_ptr<broker::Core> core;
  /// Held as long as the connection counts where connections are limited.
  std::shared_ptr<void> admission_place;
  /// What is still to be written: open-ok.
  std::string output;
  /// What the client has sent since.
  std::string input;
};

/// A client from accept() to connection.open-ok, or to its refusal: what a proxy says of it, TLS,
/// the handshake of AMQP with its login, and the admission to a virtual host. One coroutine on the
/// entrance's loop, which shares it with the timer of its deadline.
class Opening final : public std::enable_shared_from_this<Opening> {
 public:
  /// Begins on the entrance's loop, where it is called. The entrance outlives it.
  static void start(Entrance& entrance, Stream stream);

  /// For start() only.
  Opening(Entrance& entrance, Stream stream, const tcp::endpoint& peer);
  ~Opening();
  Opening(const Opening&) = delete;
  Opening& operator=(const Opening&) = delete;

  /// Closes the socket, unless it has gone on to its loop already. `reason` is logged.
  void end(std::string_view reason);

 private:
  static asio::awaitable<void> run(std::shared_ptr<Opening> self);
  asio::awaitable<void> hear_proxy();
  asio::awaitable<void> shake_tls_hands();
  void use_certificate();
  asio::awaitable<void> shake_hands();
  asio::awaitable<Handshake::Next> check_login(std::string& out);
  Handshake::Next find_vhost(std::string& out);
  void hand_over(std::string out);
  broker::ConnectionInfo connection_info() const;
  asio::awaitable<void> refuse_tls(error_code error);
  asio::awaitable<void> refuse(Handshake::Next next, std::string out);
  asio::awaitable<void> await_close_ok();

  asio::awaitable<void> read();
  /// The caller keeps the bytes until it has ended.
  asio::awaitable<void> write(std::string_view rest);
  void check_alive() const;
  void arm_timer(TimeMs delay_ms, std::string_view reason);

  Entrance& entrance_;
  Stream stream_;
  Place place_;
  asio::steady_timer timer_;
  const std::shared_ptr<const ConnectionRules> rules_;
  /// Where the socket leads to; peer_ may be behind it.
  const asio::ip::address from_;
  tcp::endpoint peer_;
  tcp::endpoint local_;
  std::string name_;
  Handshake handshake_;
  std::string token_;
  broker::Admission admission_;
  /// What has come and was not used up yet.
  std::string input_;
  bool is_refused_ = false;
  bool is_ended_ = false;
};

}  // namespace leveret::net
