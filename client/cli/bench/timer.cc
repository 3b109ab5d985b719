#include "cli/bench/timer.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>

namespace leveret::cli::bench {

using SteadyClock = std::chrono::steady_clock;

std::uint64_t now_ns() {
  return static_cast<std::uint64_t>(SteadyClock::now().time_since_epoch().count());
}

/// Shared with the handler, which may be queued already when the timer goes.
struct Timer::State {
  State(client::Loop& loop, std::function<void()> function)
      : timer(loop.context()), on_expired(std::move(function)) {}
  boost::asio::steady_timer timer;
  std::function<void()> on_expired;
  bool is_armed = false;
  bool is_over = false;
};

Timer::Timer(client::Loop& loop, std::function<void()> on_expired)
    : loop_(loop), state_(std::make_shared<State>(loop, std::move(on_expired))) {}

Timer::~Timer() {
  loop_.run([this] {
    state_->is_over = true;
    state_->timer.cancel();
  });
}

void Timer::expire_at(std::uint64_t time_ns) {
  if (state_->is_armed) return;
  state_->is_armed = true;
  state_->timer.expires_at(
      SteadyClock::time_point{std::chrono::nanoseconds{static_cast<std::int64_t>(time_ns)}});
  state_->timer.async_wait([state = state_](const boost::system::error_code& error) {
    state->is_armed = false;
    if (!error && !state->is_over) state->on_expired();
  });
}

}  // namespace leveret::cli::bench
