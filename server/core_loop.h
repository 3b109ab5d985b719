#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <string>

#include "base/clock.h"
#include "broker/core.h"
#include "broker/vhost.h"

namespace leveret::server {

/// A virtual host on a loop: gives it its turns, and one timer for what it has to do by itself.
///
/// It outlives the run of its loop; whoever holds it by shared pointer may outlive both, but must
/// not expect a turn any more then.
class CoreLoop final : public broker::Core {
 public:
  using Turn = std::function<void(broker::Vhost&)>;

  CoreLoop(boost::asio::io_context& loop, const Clock& clock, std::string vhost_name);

  /// Before the first turn.
  void set_vhost(broker::Vhost& vhost) { vhost_ = &vhost; }
  /// Lets the timer go, so that the loop can end; on the loop.
  void stop_timer() { timer_.cancel(); }

  void run(Turn turn) override;
  void post(Turn turn) override;
  TimeMs now() const override { return clock_.now(); }
  const std::string& vhost_name() const override { return vhost_name_; }

 private:
  void run_turn(const Turn& turn) noexcept;
  void arm_timer(TimeMs deadline);

  boost::asio::io_context& loop_;
  const Clock& clock_;
  std::string vhost_name_;
  broker::Vhost* vhost_ = nullptr;
  boost::asio::steady_timer timer_;
  TimeMs armed_for_ = broker::Vhost::never;
  bool is_in_turn_ = false;
};

}  // namespace leveret::server
