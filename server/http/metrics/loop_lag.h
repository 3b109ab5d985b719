#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/histogram.h"

namespace leveret::http {

/// A loop of the server as others see it.
struct LoopHandle {
  /// Such as "core" or "io-1".
  std::string name;
  /// Runs a function on the loop, soon; any thread.
  std::function<void(std::function<void()>)> post;
};

namespace metrics {

/// How long what comes to each loop has to wait there for its turn, measured with a function that
/// does nothing. On the HTTP loop, whose own handle is among them.
class LoopLag : public std::enable_shared_from_this<LoopLag> {
 public:
  struct Loop {
    LoopHandle handle;
    Histogram lag_seconds;
    bool is_under_way = false;
  };

  /// `back` runs a function on the HTTP loop.
  LoopLag(std::vector<LoopHandle> loops, std::function<void(std::function<void()>)> back);

  /// Sends a function to each loop, unless the last one is still waiting there.
  void probe();
  const std::vector<Loop>& loops() const { return loops_; }

 private:
  std::vector<Loop> loops_;
  std::function<void(std::function<void()>)> back_;
};

}  // namespace metrics
}  // namespace leveret::http
