#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>
#include <chrono>
#include <optional>
#include <string>
#include <utility>

#include "tls/context.h"

namespace leveret::http {

/// A client's connection, with or without TLS, and the time limit that every operation has. Reads
/// and writes as Asio and Beast expect it of a stream. On the HTTP loop.
class Stream {
 public:
  using executor_type = boost::beast::tcp_stream::executor_type;

  /// `tls` is null for a plain connection.
  Stream(boost::asio::ip::tcp::socket socket, const tls::NativeContext& tls);
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  executor_type get_executor() { return tcp_.get_executor(); }
  boost::asio::ip::tcp::socket& socket() { return tcp_.socket(); }
  /// What is begun from now on has to end within `limit`.
  void expires_after(std::chrono::milliseconds limit) { tcp_.expires_after(limit); }
  void expires_at(std::chrono::steady_clock::time_point time) { tcp_.expires_at(time); }

  /// Shakes hands when there is TLS; false when the connection is of no use after it. A request
  /// without TLS is told so.
  boost::asio::awaitable<bool> open();
  /// Says that nothing more will be written: what is read from now on is to be thrown away.
  boost::asio::awaitable<void> finish_output();
  void close() { tcp_.close(); }
  /// Whether the client has ended the connection, or its side of it.
  bool is_abandoned();

  template <class Buffers, class Token>
  auto async_read_some(const Buffers& buffers, Token&& token) {
    return tls_ ? tls_->async_read_some(buffers, std::forward<Token>(token))
                : tcp_.async_read_some(buffers, std::forward<Token>(token));
  }
  template <class Buffers, class Token>
  auto async_write_some(const Buffers& buffers, Token&& token) {
    return tls_ ? tls_->async_write_some(buffers, std::forward<Token>(token))
                : tcp_.async_write_some(buffers, std::forward<Token>(token));
  }

 private:
  boost::beast::tcp_stream tcp_;
  std::optional<boost::beast::ssl_stream<boost::beast::tcp_stream&>> tls_;
};

}  // namespace leveret::http
