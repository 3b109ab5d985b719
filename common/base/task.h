#pragma once

#include <concepts>
#include <memory>
#include <utility>

namespace leveret {

/// A move-only callable without arguments, run at most once: what executors carry.
/// (C++23's std::move_only_function is not in the compilers we support.)
class Task {
 public:
  Task() = default;

  template <std::invocable F>
  requires(!std::same_as<std::remove_cvref_t<F>, Task>)
      Task(F&& f)  // NOLINT(google-explicit-constructor): a lambda is a task
      : held_(std::make_unique<Held<std::remove_cvref_t<F>>>(std::forward<F>(f))) {}

  explicit operator bool() const { return held_ != nullptr; }

  /// Runs the callable and destroys it. Undefined on an empty task.
  void operator()() { std::exchange(held_, nullptr)->run(); }

 private:
  struct Base {
    virtual ~Base() = default;
    virtual void run() = 0;
  };
  template <class F>
  struct Held final : Base {
    explicit Held(F f) : function(std::move(f)) {}
    void run() override { function(); }
    F function;
  };
  std::unique_ptr<Base> held_;
};

}  // namespace leveret
