#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>
#include <string>

#include "base/clock.h"
#include "broker/core.h"
#include "broker/vhost.h"

namespace leveret::server {

/// A virtual host on a loop: gives it its turns, and one timer for what it has to do by itself.
///
/// It outlives the run of its loop; whoever holds it by shared pointer may outlive both, but must
/// not expect a turn any more then. Held by shared pointers only.
class CoreLoop final : public broker::Core, public std::enable_shared_from_this<CoreLoop> {
 public:
  using Turn = std::function<void(broker::Vhost&)>;

  CoreLoop(boost::asio::io_context& loop, const Clock& clock, std::string vhost_name);

  /// Before the first turn.
  void set_vhost(broker::Vhost& vhost) { vhost_ = &vhost; }
  /// The virtual host goes: no turn runs any more. On the loop.
  void retire() {
    vhost_ = nullptr;
    timer_.cancel();
  }

  void run(Turn turn) override;
  void post(Turn turn) override;
  TimeMs now() const override { return clock_.now(); }
  const std::string& vhost_name() const override { return vhost_name_; }

 private:
  void run_turn(const Turn& turn) noexcept;
  void arm_timer(TimeMs deadline);
  void post_turn();

  boost::asio::io_context& loop_;
  const Clock& clock_;
  std::string vhost_name_;
  broker::Vhost* vhost_ = nullptr;
  boost::asio::steady_timer timer_;
  TimeMs armed_for_ = broker::Vhost::never;
  bool is_in_turn_ = false;
  bool is_turn_posted_ = false;
};

}  // namespace leveret::server
