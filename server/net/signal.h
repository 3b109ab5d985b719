#pragma once

#include <utility>

#include "base/task.h"
#include "net/asio.h"

namespace leveret::net {

/// Lets one coroutine wait for another to say that something has changed. All on one loop. The
/// waiter looks at its condition before it waits and again afterwards; a notify() without a waiter
/// is forgotten. Lighter than the usual cancelled timer: it touches no timer queue.
///
/// Whoever owns a signal that is waited for must notify it before going, or the waiting coroutine
/// is destroyed where it stands.
class Signal {
 public:
  explicit Signal(asio::io_context::executor_type executor) : executor_(executor) {}

  auto wait() {
    return asio::async_initiate<const asio::use_awaitable_t<>&, void()>(
        [this](auto handler) { waiter_ = Task{std::move(handler)}; }, asio::use_awaitable);
  }
  /// Resumes the waiter later, never inside the call.
  void notify() {
    if (waiter_) asio::post(executor_, std::exchange(waiter_, {}));
  }

 private:
  asio::io_context::executor_type executor_;
  Task waiter_;
};

}  // namespace leveret::net
