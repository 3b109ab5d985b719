#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>

#include "net/asio.h"
#include "net/proxy_header.h"
#include "tls/context.h"

struct ssl_st;
struct x509_st;

namespace leveret::net {

/// There is nothing to read, or no room to write: to be waited for.
inline bool is_would_block(const error_code& error) {
  return error == asio::error::would_block || error == asio::error::try_again;
}

/// A client's socket, with or without TLS: bytes are read and written without ever blocking, and
/// waited for otherwise. OpenSSL works on the socket itself, so that TLS holds no buffers while
/// nothing comes or goes, and a plain connection pays one branch for a read or a write of many
/// frames. Belongs to one session, on its loop.
class Stream {
 public:
  explicit Stream(tcp::socket socket) : socket_(std::move(socket)) {}
  /// The server's side of TLS; shake_hands() comes first.
  Stream(tcp::socket socket, const tls::NativeContext& context);

  tcp::socket& socket() { return socket_; }
  /// From now on it belongs to the loop of `io`. On the loop that it was on, while nobody waits for
  /// it. Throws system_error; it is closed then.
  void move_to(asio::io_context& io);
  bool is_tls() const { return ssl_ != nullptr; }

  /// Goes on with the TLS handshake: no error when it is done, would_block when the stream has to
  /// be waited for, else its end.
  void shake_hands(error_code& error);
  /// Why shake_hands() has failed, for the log: what the client might be, where its first bytes say
  /// so.
  std::string handshake_failure(const error_code& error) const;
  /// After a failed handshake: what comes and goes is bytes of the socket from now on.
  void drop_tls() { ssl_.reset(); }
  /// What the handshake has come to; null without TLS.
  const ssl_st* session() const { return ssl_.get(); }
  /// The client's certificate, verified; null when it has shown none.
  const x509_st* peer_certificate() const;

  /// Reads what of a proxy's header is there, at the very beginning; nothing when the stream has to
  /// be waited for. Takes no byte that follows it. Throws ProxyHeaderError, or system_error.
  std::optional<ProxyHeader> read_proxy_header();

  struct Read {
    std::size_t size = 0;
    /// Nothing more is there now. When false, a wait for the socket might miss what TLS holds.
    bool is_drained = false;
  };
  /// Sets an error only when no byte was read: eof, or what ended the connection.
  Read read_some(std::span<char> room, error_code& error);
  /// Writes the front of `pieces`, or as much of it as one TLS record takes. Sets would_block when
  /// nothing could be written; what is written next has to begin with the same bytes then.
  std::size_t write_some(std::span<const asio::const_buffer> pieces, error_code& error);

  /// Wait until what would have blocked can go on.
  asio::awaitable<void> wait_to_read() {
    return socket_.async_wait(read_waits_for_, asio::use_awaitable);
  }
  asio::awaitable<void> wait_to_write() {
    return socket_.async_wait(write_waits_for_, asio::use_awaitable);
  }

  /// Says that nothing more will be written.
  void finish_output();
  /// Closes the socket, with a goodbye if TLS has got that far.
  void close();

 private:
  struct FreeSsl {
    void operator()(ssl_st* ssl) const;
  };
  error_code error_of(int result, tcp::socket::wait_type& waits_for);
  Read read_tls(std::span<char> room, error_code& error);
  std::size_t write_tls(std::span<const asio::const_buffer> pieces, error_code& error);
  void say_goodbye();

  tcp::socket socket_;
  std::unique_ptr<ssl_st, FreeSsl> ssl_;
  // TLS may have to write in order to read, and the reverse.
  tcp::socket::wait_type read_waits_for_ = tcp::socket::wait_read;
  tcp::socket::wait_type write_waits_for_ = tcp::socket::wait_write;
  /// What has come of a proxy's header.
  std::string proxy_bytes_;
  /// The client's first bytes, unless they have the look of TLS.
  std::string odd_start_;
};

}  // namespace leveret::net
