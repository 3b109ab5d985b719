#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstddef>
#include <functional>
#include <vector>

#include "supervisor.h"

namespace leveret::server {

/// Feeds the supervisor's watchdog as long as every loop of the broker answers: one that hangs is
/// as good as a broker that is gone. On the loop that it is given, but for the destructor, which
/// comes when no loop runs any more.
class Watchdog {
 public:
  /// Runs a function on another loop; it may never run when that has ended.
  using Post = std::function<void(std::function<void()>)>;

  Watchdog(boost::asio::io_context& loop, const Supervisor& supervisor)
      : loop_(loop), supervisor_(supervisor), timer_(loop) {}

  /// Feeds at once, and from then on after each round of answers. Does nothing when the supervisor
  /// has no watchdog.
  void start(std::vector<Post> others);
  /// The other loops end one by one: nobody is asked any more.
  void ask_no_more();

 private:
  void feed();
  void ask();
  void answered();

  boost::asio::io_context& loop_;
  const Supervisor& supervisor_;
  boost::asio::steady_timer timer_;
  std::vector<Post> others_;
  std::size_t missing_ = 0;  // answers
};

}  // namespace leveret::server
