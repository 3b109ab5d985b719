#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "base/limit_counts.h"
#include "http/context.h"
#include "http/error.h"
#include "http/stream.h"

namespace leveret::http {

/// What a port is for: everything, or metrics only, which need no login there.
enum class Door : std::uint8_t { api, metrics };

/// Where a connection came in.
struct Entrance {
  Door door = Door::api;
  /// The port is bound to a loopback address.
  bool is_loopback = false;
};

/// One client's connection: reads a request at a time and answers it, within limits of size and
/// time. Lives in the frame of serve() on the HTTP loop.
class Session {
 public:
  Session(ContextPtr context, boost::asio::ip::tcp::socket socket, const tls::NativeContext& tls,
          Entrance entrance, Occupancy::Place place);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  /// Returns when the connection is over.
  boost::asio::awaitable<void> run();
  /// Ends whatever it waits for on the socket.
  void close();

 private:
  using Parser = boost::beast::http::request_parser<boost::beast::http::string_body>;
  using Head = boost::beast::http::request<boost::beast::http::string_body>;

  /// How to answer the request that is being served.
  struct Reply {
    unsigned version = 11;
    bool keep_alive = false;
    bool is_head = false;
  };

  boost::asio::awaitable<bool> serve_one();
  boost::asio::awaitable<bool> wait_for_bytes();
  boost::asio::awaitable<boost::beast::error_code> read_header();
  boost::asio::awaitable<bool> refuse_bytes(boost::beast::error_code error);
  boost::asio::awaitable<Response> answer();
  boost::asio::awaitable<Response> answer_api();
  bool is_for_anyone(const RouteTable::Match& match) const;
  bool is_stream(const RouteTable::Match& match) const;
  boost::asio::awaitable<std::string> read_body(std::size_t bytes_max);
  const Limits& limits() const { return context_->occupancy.limits(); }
  /// How long a body of so many bytes may take, that of a request or of an answer.
  std::chrono::milliseconds transfer_timeout(std::size_t bytes) const;
  void begin_header();
  HttpError header_too_large() const;
  /// Counts the limit when `error` is that time was up.
  static void note_timeout(boost::beast::error_code error, Limit limit);
  boost::asio::awaitable<auth::Identity> authenticate();
  Response answer_asset_request() const;
  const Head& head() const { return parser_->get(); }
  boost::asio::awaitable<bool> send(Response response, Reply reply);
  boost::asio::awaitable<bool> send_events(Response response, Reply reply);
  boost::asio::awaitable<bool> send_chunks(Response response, Reply reply);
  boost::asio::awaitable<void> linger();

  ContextPtr context_;
  const Entrance entrance_;
  const Occupancy::Place place_;
  /// When the first request's header has to have come.
  const std::chrono::steady_clock::time_point first_deadline_;
  Stream stream_;
  boost::beast::flat_buffer buffer_;
  /// The request that is being served.
  std::optional<Parser> parser_;
  std::optional<Target> target_;
  bool peer_is_loopback_ = false;
  std::string peer_address_;
  bool is_first_ = true;
  /// Set while the body of the request is unread: the connection cannot be used again.
  bool has_unread_body_ = false;
};

/// Serves a connection until it ends; `tls` is null for a plain one.
boost::asio::awaitable<void> serve(ContextPtr context, boost::asio::ip::tcp::socket socket,
                                   tls::NativeContext tls, Entrance entrance,
                                   Occupancy::Place place);
/// Writes `refusal` to a connection that nothing is read from, as far as it goes without waiting.
void send_refusal(boost::asio::ip::tcp::socket& socket, const HttpError& refusal);

}  // namespace leveret::http
