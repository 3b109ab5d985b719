#pragma once

#include <algorithm>
#include <chrono>
#include <random>

namespace leveret::client {

/// Waiting times between attempts to reconnect: each is random up to a bound that doubles, so that
/// the clients of a restarted broker do not all come back at once ("full jitter").
class Backoff {
 public:
  using Milliseconds = std::chrono::milliseconds;

  explicit Backoff(Milliseconds first = Milliseconds{200}, Milliseconds last = Milliseconds{10'000},
                   std::uint32_t seed = std::random_device{}())
      : first_(first), last_(last), bound_(first), random_(seed) {}

  /// How long to wait before the next attempt: at least a tenth of the bound, at most all of it.
  Milliseconds next() {
    std::uniform_int_distribution<Milliseconds::rep> spread(bound_.count() / 10, bound_.count());
    bound_ = std::min(bound_ * 2, last_);
    return Milliseconds{spread(random_)};
  }
  /// To be called after a success.
  void reset() { bound_ = first_; }

 private:
  Milliseconds first_;
  Milliseconds last_;
  Milliseconds bound_;
  std::mt19937 random_;
};

}  // namespace leveret::client
