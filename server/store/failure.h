#pragma once

#include <atomic>
#include <functional>
#include <string>
#include <utility>

namespace leveret::store {

/// The end of a store: the first report is passed on, and everybody who asks stops. Any thread.
class Failure {
 public:
  explicit Failure(std::function<void(std::string)> report) : report_(std::move(report)) {}

  void report(const std::string& text) {
    if (!happened_.exchange(true)) report_(text);
  }
  bool happened() const { return happened_; }

 private:
  std::function<void(std::string)> report_;
  std::atomic<bool> happened_{false};
};

}  // namespace leveret::store
