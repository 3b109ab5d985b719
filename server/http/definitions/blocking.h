#pragma once

#include <atomic>
#include <chrono>
#include <exception>
#include <future>
#include <memory>
#include <stdexcept>
#include <type_traits>
#include <utility>

#include "broker/core.h"
#include "broker/vhost.h"

/// Questions to a core from a thread that may wait, unlike those of ask.h.
namespace leveret::http {

/// The server stops while something waits.
class Stopped : public std::runtime_error {
 public:
  Stopped() : std::runtime_error("the server is stopping") {}
};

/// Waits for `future` until `is_stopping`. Throws Stopped; std::future_error when the virtual host
/// has been deleted; std::runtime_error when the disk is not ready within a minute.
template <class T>
T await(std::future<T> future, const std::atomic<bool>& is_stopping) {
  using namespace std::chrono_literals;
  const auto deadline = std::chrono::steady_clock::now() + 60s;
  while (future.wait_for(20ms) != std::future_status::ready) {
    if (is_stopping) throw Stopped{};
    if (std::chrono::steady_clock::now() > deadline)
      throw std::runtime_error{"the disk has not taken it within a minute"};
  }
  return future.get();
}

/// The result of `function(vhost)` in a turn of the core; what it throws is thrown here. The
/// function must own what it uses: it may run after this has given up.
template <class F>
std::invoke_result_t<F&, broker::Vhost&> ask_blocking(broker::Core& core,
                                                      const std::atomic<bool>& is_stopping,
                                                      F function) {
  using T = std::invoke_result_t<F&, broker::Vhost&>;
  auto promise = std::make_shared<std::promise<T>>();
  std::future<T> future = promise->get_future();
  core.post(
      [promise = std::move(promise), function = std::move(function)](broker::Vhost& vhost) mutable {
        try {
          promise->set_value(function(vhost));
        } catch (...) {
          promise->set_exception(std::current_exception());
        }
      });
  return await(std::move(future), is_stopping);
}

/// Returns when everything that the core has recorded up to now is on disk.
inline void await_disk(broker::Core& core, const std::atomic<bool>& is_stopping) {
  auto promise = std::make_shared<std::promise<bool>>();
  std::future<bool> future = promise->get_future();
  core.post([promise = std::move(promise)](broker::Vhost& vhost) {
    vhost.when_recorded([promise] { promise->set_value(true); });
  });
  await(std::move(future), is_stopping);
}

}  // namespace leveret::http
