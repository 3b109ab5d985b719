#include "net/login_pool.h"

#include <exception>
#include <memory>
#include <string>
#include <utility>

#include "base/log.h"

namespace leveret::net {
namespace {

using Found = std::optional<auth::Identity>;

Found authenticate(auth::Users& users, const auth::Login& login) {
  try {
    return users.authenticate(login);
  } catch (const std::exception& error) {
    log::error("cannot check a password", {{"user", login.user}, {"reason", error.what()}});
    return std::nullopt;
  }
}

}  // namespace

asio::awaitable<Found> LoginPool::check(asio::io_context::executor_type executor,
                                        Credentials credentials, asio::ip::address peer) {
  const std::string address = peer.to_string();
  const auth::Login login{credentials.user, credentials.password, peer.is_loopback(), address,
                          auth::Protocol::amqp};
  if (credentials.is_proved) co_return users_.find_proved(login);
  const auto delay = users_.delay_login(login);
  if (!delay) co_return std::nullopt;
  if (delay->count() > 0) {
    asio::steady_timer turn{executor, *delay};
    co_await turn.async_wait(asio::use_awaitable);
  }
  if (auto known = users_.recall(login)) co_return known;
  // `login` views what this coroutine holds, which waits for the answer.
  const auto start = [this, executor, &login, &address](auto handler) {
    const auto shared = std::make_shared<decltype(handler)>(std::move(handler));
    work_.submit(address, [this, executor, &login, shared] {
      asio::post(executor, [shared, found = authenticate(users_, login)]() mutable {
        std::move (*shared)(std::move(found));
      });
    });
  };
  co_return co_await asio::async_initiate<const asio::use_awaitable_t<>&, void(Found)>(
      start, asio::use_awaitable);
}

}  // namespace leveret::net
