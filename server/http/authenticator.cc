#include "http/authenticator.h"

#include <algorithm>
#include <array>
#include <boost/asio/async_result.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>
#include <string>
#include <utility>

#include "base/log.h"
#include "http/text.h"

namespace leveret::http {
namespace {

namespace asio = boost::asio;

constexpr std::array<std::string_view, 4> management_tags = {"management", "policymaker",
                                                             "monitoring", "administrator"};

using Found = std::optional<auth::Identity>;

/// Who that is, or what has gone wrong.
std::pair<std::exception_ptr, Found> authenticate(auth::Users& users, const auth::Login& login) {
  try {
    return {nullptr, users.authenticate(login)};
  } catch (...) {
    return {std::current_exception(), std::nullopt};
  }
}

}  // namespace

std::optional<Credentials> read_authorization(std::string_view authorization) {
  const std::size_t space = authorization.find(' ');
  if (space == std::string_view::npos) return std::nullopt;
  std::string scheme{authorization.substr(0, space)};
  std::ranges::transform(scheme, scheme.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  });
  const std::size_t start = authorization.find_first_not_of(' ', space);
  if (start == std::string_view::npos) return std::nullopt;
  if (scheme == "bearer") return Credentials{"", std::string{authorization.substr(start)}};
  if (scheme != "basic") return std::nullopt;
  const auto decoded = base64_decode(authorization.substr(start));
  if (!decoded) return std::nullopt;
  const std::size_t colon = decoded->find(':');
  if (colon == std::string::npos) return std::nullopt;
  return Credentials{decoded->substr(0, colon), decoded->substr(colon + 1)};
}

bool may_manage(const auth::Identity& identity) {
  return std::ranges::any_of(management_tags,
                             [&](std::string_view tag) { return identity.has_tag(tag); });
}

bool may_monitor(const auth::Identity& identity) {
  return identity.has_tag("monitoring") || is_administrator(identity);
}

bool is_administrator(const auth::Identity& identity) {
  return identity.has_tag("administrator");
}

Authenticator::Authenticator(std::shared_ptr<auth::Users> users) : users_(std::move(users)) {}

asio::awaitable<std::optional<auth::Identity>> Authenticator::check(Credentials credentials,
                                                                    bool peer_is_loopback,
                                                                    std::string address) {
  const auth::Login login{credentials.user, credentials.password, peer_is_loopback, address};
  const auto delay = users_->delay_login(login);
  if (!delay) {
    note_refusal(login);
    co_return std::nullopt;
  }
  const auto executor = co_await asio::this_coro::executor;
  if (delay->count() > 0) {
    asio::steady_timer turn{executor, *delay};
    co_await turn.async_wait(asio::use_awaitable);
  }
  if (auto known = users_->recall(login)) co_return known;
  // `login` views what this coroutine holds, which waits for the answer.
  const auto start = [this, executor, &login, &address](auto handler) {
    const auto shared = std::make_shared<decltype(handler)>(std::move(handler));
    work_.submit(address, [this, executor, &login, shared] {
      asio::post(executor, [shared, found = authenticate(*users_, login)]() mutable {
        std::move (*shared)(found.first, std::move(found.second));
      });
    });
  };
  Found found =
      co_await asio::async_initiate<const asio::use_awaitable_t<>&,
                                    void(std::exception_ptr, Found)>(start, asio::use_awaitable);
  if (!found) note_refusal(login);
  co_return found;
}

/// Names are anybody's to make up, so a long one is cut. What came as a password is never told.
void Authenticator::note_refusal(const auth::Login& login) {
  constexpr std::size_t user_bytes_max = 255;
  const auto unwritten = refusals_.take(LogAllowance::Time::clock::now());
  if (!unwritten) return;
  std::string reason = "login refused";
  if (!login.user.empty())
    reason += " for user '" + std::string{login.user.substr(0, user_bytes_max)} + "'";
  if (*unwritten > 0)
    reason += ", and " + std::to_string(*unwritten) + " others since the last line of this kind";
  log::warn("HTTP request refused", {{"address", login.address}, {"reason", reason}});
}

void Authenticator::stop() {
  work_.stop();
}

}  // namespace leveret::http
