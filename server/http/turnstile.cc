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
  std::deque<Ticket>& line = waiting_[owner];
  if (line.empty()) owners_.push_back(owner);
  line.push_back(ticket);
  ++waiting_count_;
  boost::system::error_code cancelled;
  co_await ticket->async_wait(asio::redirect_error(asio::use_awaitable, cancelled));
  co_return Turn{*this};  // the place of the one that has left
}

Turnstile::Ticket Turnstile::next() {
  const std::string owner = std::move(owners_.front());
  owners_.pop_front();
  const auto line = waiting_.find(owner);
  Ticket ticket = std::move(line->second.front());
  line->second.pop_front();
  if (line->second.empty())
    waiting_.erase(line);
  else
    owners_.push_back(owner);
  --waiting_count_;
  return ticket;
}

void Turnstile::leave() {
  if (owners_.empty())
    --inside_;
  else
    next()->cancel();
}

}  // namespace leveret::http
