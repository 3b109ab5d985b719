#include "core_loop.h"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <chrono>
#include <cstdlib>
#include <exception>
#include <utility>

#include "base/log.h"

namespace leveret::server {

CoreLoop::CoreLoop(boost::asio::io_context& loop, const Clock& clock, std::string vhost_name)
    : loop_(loop), clock_(clock), vhost_name_(std::move(vhost_name)), timer_(loop) {}

void CoreLoop::run(Turn turn) {
  if (loop_.get_executor().running_in_this_thread())
    run_turn(turn);
  else
    post(std::move(turn));
}

void CoreLoop::post(Turn turn) {
  // Shared: a deleted virtual host's core goes when the last one who posts to it has.
  boost::asio::post(loop_,
                    [self = shared_from_this(), turn = std::move(turn)] { self->run_turn(turn); });
}

void CoreLoop::run_turn(const Turn& turn) noexcept {
  if (vhost_ == nullptr) return;
  try {
    if (is_in_turn_) return turn(*vhost_);
    is_in_turn_ = true;
    vhost_->begin_turn(clock_.now());
    turn(*vhost_);
    vhost_->end_turn();
    is_in_turn_ = false;
    const TimeMs deadline = vhost_->next_deadline();
    if (deadline <= vhost_->now())
      post_turn();
    else
      arm_timer(deadline);
  } catch (const std::exception& error) {
    // Half a turn may have changed half of the state: going on could confirm what was never stored.
    log::critical("vhost '" + vhost_name_ + "': a turn failed: " + error.what());
    std::abort();
  }
}

/// The turn that is due now comes after what is ready on the loop.
void CoreLoop::post_turn() {
  if (std::exchange(is_turn_posted_, true)) return;
  boost::asio::post(loop_, [self = shared_from_this()] {
    self->is_turn_posted_ = false;
    self->run_turn([](broker::Vhost&) {});
  });
}

void CoreLoop::arm_timer(TimeMs deadline) {
  // A deadline that moves back is not worth a call: the timer fires once for nothing, and is armed
  // anew.
  if (deadline >= armed_for_) return;
  armed_for_ = deadline;
  timer_.expires_after(std::chrono::milliseconds{std::max<TimeMs>(deadline - clock_.now(), 0)});
  timer_.async_wait([self = shared_from_this()](const boost::system::error_code& error) {
    if (error) return;  // armed for an earlier one meanwhile
    self->armed_for_ = broker::Vhost::never;
    self->run_turn([](broker::Vhost&) {});
  });
}

}  // namespace leveret::server
