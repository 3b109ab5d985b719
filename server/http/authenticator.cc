#include "http/authenticator.h"

#include <algorithm>
#include <array>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "http/text.h"

namespace leveret::http {
namespace {

namespace asio = boost::asio;

constexpr std::array<std::string_view, 4> management_tags = {"management", "policymaker",
                                                             "monitoring", "administrator"};

asio::awaitable<std::optional<auth::Identity>> authenticate(std::shared_ptr<auth::Users> users,
                                                            Credentials credentials,
                                                            bool peer_is_loopback,
                                                            std::string address) {
  co_return users->authenticate(
      {credentials.user, credentials.password, peer_is_loopback, address});
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
  if (!delay) co_return std::nullopt;
  if (delay->count() > 0) {
    asio::steady_timer turn{co_await asio::this_coro::executor, *delay};
    co_await turn.async_wait(asio::use_awaitable);
  }
  if (auto known = users_->recall(login)) co_return known;
  auto work = authenticate(users_, std::move(credentials), peer_is_loopback, std::move(address));
  co_return co_await asio::co_spawn(pool_, std::move(work), asio::use_awaitable);
}

void Authenticator::stop() {
  pool_.join();
}

}  // namespace leveret::http
