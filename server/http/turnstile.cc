#include "http/turnstile.h"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace leveret::http {

namespace asio = boost::asio;

asio::awaitable<Turnstile::Turn> Turnstile::take(std::string owner) {
  if (inside_ < places_) {
    ++inside_;
    co_return Turn{*this};
  }
  const auto ticket = std::make_shared<asio::steady_timer>(executor_);
  ticket->expires_at(asio::steady_timer::time_point::max());
  waiting_.push(owner, ticket);
  boost::system::error_code cancelled;
  co_await ticket->async_wait(asio::redirect_error(asio::use_awaitable, cancelled));
  co_return Turn{*this};  // the place of the one that has left
}

void Turnstile::leave() {
  if (waiting_.empty())
    --inside_;
  else
    waiting_.pop()->cancel();
}

}  // namespace leveret::http
