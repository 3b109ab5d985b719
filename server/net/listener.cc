#include "net/listener.h"

#include <cerrno>
#include <chrono>
#include <stdexcept>
#include <utility>

#include "base/log.h"

namespace leveret::net {
namespace {

/// How long to wait when the process or the system has run out of what a connection needs. The
/// connections wait in the kernel's queue meanwhile.
constexpr std::chrono::milliseconds exhausted_pause{500};
constexpr int backlog = 1024;

bool is_exhausted(const error_code& error) {
  const int code = error.value();
  return code == EMFILE || code == ENFILE || code == ENOBUFS || code == ENOMEM;
}

}  // namespace

Listener::Listener(asio::io_context& io, const std::string& address, std::uint16_t port)
    : acceptor_(io), pause_(io) {
  try {
    const tcp::endpoint endpoint{asio::ip::make_address(address), port};
    acceptor_.open(endpoint.protocol());
    acceptor_.set_option(tcp::acceptor::reuse_address{true});
    acceptor_.bind(endpoint);
    acceptor_.listen(backlog);
    port_ = acceptor_.local_endpoint().port();
  } catch (const system_error& error) {
    throw std::runtime_error{"cannot listen on " + address + " port " + std::to_string(port) +
                             ": " + error.code().message()};
  }
}

void Listener::start(HasRoom has_room, OnAccept on_accept) {
  has_room_ = std::move(has_room);
  on_accept_ = std::move(on_accept);
  asio::co_spawn(acceptor_.get_executor(), accept_all(shared_from_this()), asio::detached);
}

void Listener::close() {
  error_code ignored;
  acceptor_.close(ignored);
  pause_.cancel();
}

asio::awaitable<void> Listener::accept_all(std::shared_ptr<Listener> self) {
  while (self->acceptor_.is_open()) {
    if (!self->has_room_()) {
      co_await pause(self, "there are as many as the limit of open files has room for");
      continue;
    }
    error_code error;
    tcp::socket socket{self->acceptor_.get_executor()};
    co_await self->acceptor_.async_accept(socket, asio::redirect_error(asio::use_awaitable, error));
    if (!error) {
      if (std::exchange(self->is_paused_, false)) log::info("accepting connections again");
      self->on_accept_(std::move(socket));
    } else if (is_exhausted(error)) {
      co_await pause(self, error.message());
    }
    // Anything else is the end of the connection that was to be accepted.
  }
}

/// Says once why.
asio::awaitable<void> Listener::pause(std::shared_ptr<Listener> self, std::string reason) {
  if (!std::exchange(self->is_paused_, true))
    log::error("cannot accept connections for now: " + reason);
  error_code ignored;
  self->pause_.expires_after(exhausted_pause);
  co_await self->pause_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
}

}  // namespace leveret::net
