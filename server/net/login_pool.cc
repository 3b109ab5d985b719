#include "net/login_pool.h"

#include <exception>
#include <string>
#include <utility>

#include "base/log.h"

namespace leveret::net {
namespace {

bool authenticate(auth::Users& users, const Credentials& credentials,
                  const asio::ip::address& address) {
  try {
    return users
        .authenticate(credentials.user, credentials.password, address.is_loopback(),
                      address.to_string())
        .has_value();
  } catch (const std::exception& error) {
    log::error(std::string{"cannot check a password: "} + error.what());
    return false;
  }
}

}  // namespace

asio::awaitable<bool> LoginPool::check(asio::io_context::executor_type executor,
                                       Credentials credentials, asio::ip::address address) {
  if (credentials.is_proved)
    co_return users_.find_proved(credentials.user, address.is_loopback()).has_value();
  const auto delay = users_.delay_login(credentials.user, address.to_string());
  if (!delay) co_return false;
  if (delay->count() > 0) {
    asio::steady_timer turn{executor, *delay};
    co_await turn.async_wait(asio::use_awaitable);
  }
  if (users_.recall(credentials.user, credentials.password, address.is_loopback(),
                    address.to_string()))
    co_return true;
  const auto start = [this, executor, address](auto handler, Credentials given) {
    asio::post(threads_, [this, executor, address, handler = std::move(handler),
                          given = std::move(given)]() mutable {
      const bool is_allowed = authenticate(users_, given, address);
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
