#include "net/stream.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/asio/ssl/error.hpp>
#include <cerrno>
#include <cstring>

namespace leveret::net {
namespace {

/// The most that one TLS record holds.
constexpr std::size_t record_bytes_max = 16384;
constexpr char tls_handshake_record = '\x16';

/// Several pieces as one gathering write.
struct PieceRange {
  std::span<const asio::const_buffer> pieces;
  auto begin() const { return pieces.begin(); }
  auto end() const { return pieces.end(); }
};

int int_size(std::size_t size) {
  return static_cast<int>(std::min(size, std::size_t{1} << 30U));
}

/// The client's first bytes, left where they are.
std::string peek(tcp::socket& socket) {
  std::array<char, 8> start{};
  const ssize_t size = ::recv(socket.native_handle(), start.data(), start.size(), MSG_PEEK);
  return {start.data(), static_cast<std::size_t>(std::max<ssize_t>(size, 0))};
}

/// Copies the front of `pieces` into one record; the small frames of many messages share it.
std::size_t gather(std::span<const asio::const_buffer> pieces,
                   std::array<char, record_bytes_max>& record) {
  std::size_t filled = 0;
  for (const asio::const_buffer& piece : pieces) {
    const std::size_t size = std::min(piece.size(), record.size() - filled);
    std::memcpy(record.data() + filled, piece.data(), size);
    filled += size;
    if (filled == record.size()) break;
  }
  return filled;
}

}  // namespace

void Stream::FreeSsl::operator()(ssl_st* ssl) const {
  SSL_free(ssl);
}

Stream::Stream(tcp::socket socket, const tls::NativeContext& context)
    : socket_(std::move(socket)), ssl_(SSL_new(context.get())) {
  if (!ssl_ || SSL_set_fd(ssl_.get(), static_cast<int>(socket_.native_handle())) != 1)
    throw std::bad_alloc{};
}

void Stream::move_to(asio::io_context& io) {
  const tcp protocol = socket_.local_endpoint().protocol();
  const int handle = socket_.release();
  tcp::socket moved{io};
  error_code error;
  moved.assign(protocol, handle, error);
  if (error) {
    ::close(handle);
    throw system_error{error};
  }
  moved.non_blocking(true);
  socket_ = std::move(moved);
}

void Stream::shake_hands(error_code& error) {
  if (odd_start_.empty())
    if (std::string start = peek(socket_); !start.empty() && start.front() != tls_handshake_record)
      odd_start_ = std::move(start);
  ERR_clear_error();
  const int result = SSL_accept(ssl_.get());
  error = result == 1 ? error_code{} : error_of(result, read_waits_for_);
  // read_some() starts anew; it is the client that speaks first.
  if (!error) read_waits_for_ = tcp::socket::wait_read;
}

std::string Stream::handshake_failure(const error_code& error) const {
  if (odd_start_.starts_with("AMQP"))
    return "a client without TLS on the TLS port (amqp:// where amqps:// is spoken?)";
  if (odd_start_.starts_with("GET ") || odd_start_.starts_with("POST"))
    return "an HTTP client on the AMQP port for TLS";
  if (!odd_start_.empty()) return "the client does not speak TLS";
  if (error == asio::error::eof) return "the client closed the connection";
  const long verdict = SSL_get_verify_result(ssl_.get());
  if (verdict != X509_V_OK)
    return "the client's certificate is refused: " +
           std::string{X509_verify_cert_error_string(verdict)};
  return error.message();
}

const x509_st* Stream::peer_certificate() const {
  return ssl_ ? SSL_get0_peer_certificate(ssl_.get()) : nullptr;
}

/// Why an operation of OpenSSL has not gone through.
error_code Stream::error_of(int result, tcp::socket::wait_type& waits_for) {
  const int system_error = errno;
  switch (SSL_get_error(ssl_.get(), result)) {
    case SSL_ERROR_WANT_READ: waits_for = tcp::socket::wait_read; return asio::error::would_block;
    case SSL_ERROR_WANT_WRITE: waits_for = tcp::socket::wait_write; return asio::error::would_block;
    case SSL_ERROR_ZERO_RETURN: return asio::error::eof;
    case SSL_ERROR_SYSCALL:
      if (system_error == 0) return asio::error::eof;
      return {system_error, boost::system::system_category()};
    default: break;
  }
  const unsigned long code = ERR_get_error();
  ERR_clear_error();
  // AMQP says where its own end is; most clients leave TLS's out. And what follows a fatal error
  // has no code of its own.
  if (code == 0 || ERR_GET_REASON(code) == SSL_R_UNEXPECTED_EOF_WHILE_READING)
    return asio::error::eof;
  return {static_cast<int>(code), asio::error::get_ssl_category()};
}

std::optional<ProxyHeader> Stream::read_proxy_header() {
  for (;;) {
    std::array<char, 256> start{};
    error_code error;
    const std::size_t size = socket_.receive(asio::buffer(start), tcp::socket::message_peek, error);
    if (is_would_block(error)) return std::nullopt;
    if (error) throw system_error{error};
    const std::size_t before = proxy_bytes_.size();
    proxy_bytes_.append(start.data(), size);
    std::optional<ProxyHeader> header = net::read_proxy_header(proxy_bytes_);
    socket_.receive(asio::buffer(start.data(), header ? header->size - before : size));
    if (!header) continue;
    proxy_bytes_ = {};
    return header;
  }
}

Stream::Read Stream::read_some(std::span<char> room, error_code& error) {
  if (ssl_) return read_tls(room, error);
  const std::size_t size = socket_.read_some(asio::buffer(room.data(), room.size()), error);
  if (is_would_block(error)) error = {};
  return {size, size != room.size()};
}

Stream::Read Stream::read_tls(std::span<char> room, error_code& error) {
  error = {};
  Read read;
  while (read.size < room.size()) {
    ERR_clear_error();
    errno = 0;
    const int result =
        SSL_read(ssl_.get(), room.data() + read.size, int_size(room.size() - read.size));
    if (result > 0) {
      read.size += static_cast<std::size_t>(result);
      continue;
    }
    const error_code cause = error_of(result, read_waits_for_);
    read.is_drained = is_would_block(cause);
    // Else the next read finds the same end; what came before it counts.
    if (!read.is_drained && read.size == 0) error = cause;
    break;
  }
  return read;
}

std::size_t Stream::write_some(std::span<const asio::const_buffer> pieces, error_code& error) {
  return ssl_ ? write_tls(pieces, error) : socket_.write_some(PieceRange{pieces}, error);
}

std::size_t Stream::write_tls(std::span<const asio::const_buffer> pieces, error_code& error) {
  std::array<char, record_bytes_max> record;  // NOLINT(*-member-init): filled as far as it is used
  const void* bytes = pieces.front().data();
  std::size_t size = pieces.front().size();
  if (size < record_bytes_max && pieces.size() > 1) {
    size = gather(pieces, record);
    bytes = record.data();
  }
  ERR_clear_error();
  errno = 0;
  const int result = SSL_write(ssl_.get(), bytes, int_size(size));
  error = result > 0 ? error_code{} : error_of(result, write_waits_for_);
  return result > 0 ? static_cast<std::size_t>(result) : 0;
}

void Stream::say_goodbye() {
  if (!ssl_ || !SSL_is_init_finished(ssl_.get())) return;
  SSL_shutdown(ssl_.get());  // What it cannot write now is lost, as the connection is.
  ERR_clear_error();
}

void Stream::finish_output() {
  say_goodbye();
  error_code ignored;  // Who reads finds out that the client has gone.
  socket_.shutdown(tcp::socket::shutdown_send, ignored);
}

void Stream::close() {
  if (socket_.is_open()) say_goodbye();
  error_code ignored;
  socket_.close(ignored);
}

}  // namespace leveret::net
