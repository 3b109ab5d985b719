#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "lib/loop.h"

namespace leveret::cli::bench {

/// Nanoseconds of the steady clock.
std::uint64_t now_ns();

/// Calls a function on a loop's thread at a time of the steady clock.
class Timer {
 public:
  Timer(client::Loop& loop, std::function<void()> on_expired);
  /// From outside the loop's thread; the function is not called any more after it.
  ~Timer();
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;

  /// On the loop's thread. Nothing happens while an earlier call has not expired yet.
  void expire_at(std::uint64_t time_ns);

 private:
  struct State;
  client::Loop& loop_;
  std::shared_ptr<State> state_;
};

}  // namespace leveret::cli::bench
