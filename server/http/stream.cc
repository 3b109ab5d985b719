#include "http/stream.h"

#include <openssl/ssl.h>
#include <sys/socket.h>

#include <boost/asio/buffer.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <cerrno>
#include <string_view>

#include "base/log.h"

namespace leveret::http {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;

constexpr std::string_view use_https =
    "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\n"
    "This port speaks HTTPS: https://, not http://\n";

bool is_plain_request(const beast::error_code& error) {
  return error.category() == asio::error::get_ssl_category() &&
         ERR_GET_REASON(static_cast<unsigned long>(error.value())) == SSL_R_HTTP_REQUEST;
}

}  // namespace

Stream::Stream(asio::ip::tcp::socket socket, const tls::NativeContext& tls)
    : tcp_(std::move(socket)) {
  if (!tls) return;
  SSL_CTX_up_ref(tls.get());  // Asio's context takes one reference, and gives it back.
  asio::ssl::context context{tls.get()};
  tls_.emplace(tcp_, context);
}

asio::awaitable<bool> Stream::open() {
  if (!tls_) co_return true;
  beast::error_code error;
  co_await tls_->async_handshake(asio::ssl::stream_base::server,
                                 asio::redirect_error(asio::use_awaitable, error));
  if (!error) co_return true;
  log::debug("HTTPS: the TLS handshake failed: " + error.message());
  tls_.reset();
  if (is_plain_request(error))
    co_await asio::async_write(tcp_, asio::buffer(use_https),
                               asio::redirect_error(asio::use_awaitable, error));
  co_return false;
}

/// Under TLS the bytes of its farewell stand before the end, which is not seen then.
bool Stream::is_abandoned() {
  char next = 0;
  const auto count = recv(tcp_.socket().native_handle(), &next, 1, MSG_PEEK | MSG_DONTWAIT);
  return count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR);
}

asio::awaitable<void> Stream::finish_output() {
  beast::error_code ignored;
  if (tls_) {
    co_await tls_->async_shutdown(asio::redirect_error(asio::use_awaitable, ignored));
    tls_.reset();
  }
  tcp_.socket().shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
}

}  // namespace leveret::http
