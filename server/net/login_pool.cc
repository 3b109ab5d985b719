#include "net/login_pool.h"

#include <exception>
#include <string>
#include <utility>

#include "base/log.h"

namespace leveret::net {
namespace {

bool authenticate(auth::Users& users, const Credentials& credentials, bool peer_is_loopback) {
  try {
    return users.authenticate(credentials.user, credentials.password, peer_is_loopback).has_value();
  } catch (const std::exception& error) {
    log::error(std::string{"cannot check a password: "} + error.what());
    return false;
  }
}

}  // namespace

asio::awaitable<bool> LoginPool::check(asio::io_context::executor_type executor,
                                       Credentials credentials, bool peer_is_loopback) {
  if (credentials.is_proved)
    co_return users_.find_proved(credentials.user, peer_is_loopback).has_value();
  const auto start = [this, executor, peer_is_loopback](auto handler, Credentials given) {
    asio::post(threads_, [this, executor, peer_is_loopback, handler = std::move(handler),
                          given = std::move(given)]() mutable {
      const bool is_allowed = authenticate(users_, given, peer_is_loopback);
      asio::post(executor, [handler = std::move(handler), is_allowed]() mutable {
        std::move(handler)(is_allowed);
      });
    });
  };
  co_return co_await asio::async_initiate<const asio::use_awaitable_t<>&, void(bool)>(
      start, asio::use_awaitable, std::move(credentials));
}

void LoginPool::stop() {
  threads_.stop();
  threads_.join();
}

}  // namespace leveret::net
