#include "http/metrics/loop_lag.h"

#include <array>
#include <utility>

namespace leveret::http::metrics {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::array bounds{0.0001, 0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0};

}  // namespace

LoopLag::LoopLag(std::vector<LoopHandle> loops, std::function<void(std::function<void()>)> back)
    : back_(std::move(back)) {
  for (LoopHandle& handle : loops) loops_.push_back({std::move(handle), Histogram{bounds}});
}

void LoopLag::probe() {
  for (std::size_t i = 0; i < loops_.size(); ++i) {
    if (std::exchange(loops_[i].is_under_way, true)) continue;
    loops_[i].handle.post([self = shared_from_this(), back = back_, i, sent = Clock::now()] {
      const std::chrono::duration<double> lag = Clock::now() - sent;
      back([self, i, lag] {
        self->loops_[i].lag_seconds.add(lag.count());
        self->loops_[i].is_under_way = false;
      });
    });
  }
}

}  // namespace leveret::http::metrics
