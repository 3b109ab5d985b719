#pragma once

#include <chrono>
#include <cstdint>

namespace leveret {

/// Milliseconds since the Unix epoch. Within one process it never goes backwards (see Clock).
using TimeMs = std::int64_t;

/// The wall clock at start-up, advanced by the monotonic clock: it can be stored and compared after
/// a restart, and a clock that is set back or forward while we run expires nothing early.
class Clock {
 public:
  Clock() : wall_at_start_(now_of<std::chrono::system_clock>()) {}

  TimeMs now() const {
    return wall_at_start_ + (now_of<std::chrono::steady_clock>() - steady_at_start_);
  }

 private:
  template <class Source>
  static TimeMs now_of() {
    return std::chrono::duration_cast<std::chrono::milliseconds>(Source::now().time_since_epoch())
        .count();
  }
  TimeMs wall_at_start_;
  TimeMs steady_at_start_ = now_of<std::chrono::steady_clock>();
};

}  // namespace leveret
