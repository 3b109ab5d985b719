#pragma once

#include <functional>
#include <mutex>
#include <string>
#include <utility>

namespace leveret::store {

/// The end of a store: the first report is passed on, and everybody who asks stops. Any thread.
class Failure {
 public:
  explicit Failure(std::function<void(std::string)> report) : report_(std::move(report)) {}

  void report(const std::string& text) {
    const std::lock_guard lock(mutex_);
    if (happened_) return;
    happened_ = true;
    report_(text);
  }
  bool happened() const {
    const std::lock_guard lock(mutex_);
    return happened_;
  }
  /// Calls `function` and returns true unless a failure was reported; none is before it has
  /// returned.
  template <class Function>
  bool unless_happened(Function function) const {
    const std::lock_guard lock(mutex_);
    if (!happened_) function();
    return !happened_;
  }

 private:
  std::function<void(std::string)> report_;
  mutable std::mutex mutex_;
  bool happened_ = false;
};

}  // namespace leveret::store
