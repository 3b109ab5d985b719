#include "http/turnstile.h"

#include <algorithm>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <limits>

namespace leveret::http {

namespace asio = boost::asio;

asio::awaitable<Turnstile::Turn> Turnstile::take(std::string owner) {
  if (inside_ < places_ && may_enter(owner)) {
    ++inside_;
    co_return Turn{*this, std::move(owner)};
  }
  const auto ticket = std::make_shared<asio::steady_timer>(alarm_.get_executor());
  ticket->expires_at(asio::steady_timer::time_point::max());
  waiting_.push(owner, ticket);
  admit();
  boost::system::error_code cancelled;
  co_await ticket->async_wait(asio::redirect_error(asio::use_awaitable, cancelled));
  co_return Turn{*this, std::move(owner)};  // in a place that admit() has counted
}

void Turnstile::open() {
  places_ = std::numeric_limits<std::size_t>::max();
  share_ = {};
  used_until_.clear();
  admit();
}

void Turnstile::leave(const std::string& owner, TimePoint since) {
  --inside_;
  charge(owner, now_() - since);
  admit();
}

void Turnstile::admit() {
  const auto may_have_turn = [this](const std::string& owner) { return may_enter(owner); };
  while (inside_ < places_) {
    const auto ticket = waiting_.pop_if(may_have_turn);
    if (!ticket) break;
    ++inside_;
    (*ticket)->cancel();
  }
  alarm_.cancel();
  if (inside_ == places_ || waiting_.empty()) return;
  Duration wait = Duration::max();
  for (const std::string& owner : waiting_.owners())
    wait = std::min(wait, used_until_.at(owner) - now_());
  alarm_.expires_after(wait);
  alarm_.async_wait([this](const boost::system::error_code& cancelled) {
    if (!cancelled) admit();
  });
}

bool Turnstile::may_enter(const std::string& owner) const {
  const auto used = used_until_.find(owner);
  return used == used_until_.end() || used->second <= now_();
}

/// A leaky bucket (ITU-T I.371, the virtual scheduling algorithm): a time that runs ahead of the
/// clock by what was used, and lags behind it by no more than what may be had at once.
void Turnstile::charge(const std::string& owner, Duration inside) {
  const TimePoint rested = now_() - share_.at_once * share_.part;
  std::erase_if(used_until_, [&](const auto& used) { return used.second <= rested; });
  TimePoint& until = used_until_.try_emplace(owner, rested).first->second;
  until += inside * share_.part;
}

}  // namespace leveret::http
