#include "shutdown.h"

#include <boost/asio/post.hpp>
#include <utility>

#include "base/log.h"
#include "http/server.h"
#include "net/server.h"
#include "supervisor.h"
#include "vhosts.h"
#include "watchdog.h"

namespace leveret::server {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;

/// How long what is left of the clients may take to end.
constexpr auto sessions_patience = 1s;
constexpr auto poll = 10ms;

}  // namespace

Shutdown::Shutdown(ShutdownParts parts) : parts_(std::move(parts)), timer_(parts_.loop) {
  await_signal();
}

Shutdown::~Shutdown() {
  join();
}

void Shutdown::join() {
  if (http_stopper_.joinable()) http_stopper_.join();
}

void Shutdown::await_signal() {
  parts_.signals.async_wait([this](const boost::system::error_code& error, int) {
    if (error) return;
    if (!std::exchange(is_stopping_, true))
      begin();
    else
      is_hurried_ = true;
    await_signal();
  });
}

void Shutdown::begin() {
  log::info("stopping");
  parts_.supervisor.stopping();
  parts_.watchdog.ask_no_more();
  parts_.amqp.stop_accepting();
  parts_.vhosts.stop_delivering();
  deadline_ = std::chrono::steady_clock::now() + std::chrono::milliseconds{parts_.config.drain_ms};
  await_consumers();
}

/// Looks again and again, until they have settled what they hold or have had their time.
void Shutdown::await_consumers() {
  const bool is_over = is_hurried_ || std::chrono::steady_clock::now() >= deadline_;
  if (is_over || parts_.vhosts.unacked_count() == 0) return await_ends();
  timer_.expires_after(poll);
  timer_.async_wait([this](const boost::system::error_code& error) {
    if (!error) await_consumers();
  });
}

void Shutdown::await_ends() {
  deadline_ =
      std::chrono::steady_clock::now() + std::chrono::milliseconds{parts_.config.clients_ms};
  // On a thread of its own: answers that HTTP waits for come from the cores on this one.
  http_stopper_ = std::thread{[this] {
    parts_.http.stop();
    asio::post(parts_.loop, [this] { is_http_stopped_ = true; });
  }};
  parts_.vhosts.close_clients("broker forced connection closure with reason 'shutdown'");
  await_clients();
}

/// Looks again and again, until clients and HTTP are gone or have had their time.
void Shutdown::await_clients() {
  const auto now = std::chrono::steady_clock::now();
  if (std::exchange(is_hurried_, false)) deadline_ = now;
  if (parts_.amqp.session_count() == 0 && is_http_stopped_) return parts_.end_loops();
  if (now >= deadline_ + sessions_patience) return parts_.end_loops();
  if (now >= deadline_) parts_.amqp.end_sessions();
  timer_.expires_after(poll);
  timer_.async_wait([this](const boost::system::error_code& error) {
    if (!error) await_clients();
  });
}

}  // namespace leveret::server
