#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <optional>
#include <string>
#include <utility>

#include "lib/url.h"

namespace leveret::client {

/// A TCP socket that may have TLS, as Asio expects a stream to be. On the loop of its socket.
class Stream {
 public:
  using executor_type = boost::asio::ip::tcp::socket::executor_type;

  explicit Stream(boost::asio::ip::tcp::socket socket) : socket_(std::move(socket)) {}
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  executor_type get_executor() { return socket_.get_executor(); }
  boost::asio::ip::tcp::socket& socket() { return socket_; }
  bool is_open() const { return socket_.is_open(); }
  void close();

  /// Once connected: speaks TLS from here on, with a server that has to prove that it is `host`
  /// unless `options` say otherwise. Throws std::runtime_error that says which file cannot be used,
  /// or what is wrong with the server.
  boost::asio::awaitable<void> start_tls(TlsOptions options, std::string host);
  /// What an error of a read or write means, for people. With TLS 1.3 a client learns only after
  /// its handshake that the server refuses its certificate.
  std::string explain(const boost::system::error_code& error) const;

  template <class Buffers, class Token>
  auto async_read_some(const Buffers& buffers, Token&& token) {
    return tls_ ? tls_->async_read_some(buffers, std::forward<Token>(token))
                : socket_.async_read_some(buffers, std::forward<Token>(token));
  }
  template <class Buffers, class Token>
  auto async_write_some(const Buffers& buffers, Token&& token) {
    return tls_ ? tls_->async_write_some(buffers, std::forward<Token>(token))
                : socket_.async_write_some(buffers, std::forward<Token>(token));
  }

 private:
  boost::asio::ip::tcp::socket socket_;
  std::optional<boost::asio::ssl::stream<boost::asio::ip::tcp::socket&>> tls_;
};

}  // namespace leveret::client
