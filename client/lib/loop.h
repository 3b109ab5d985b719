#pragma once

#include <memory>

#include "base/task.h"

namespace boost::asio {
class io_context;
}

namespace leveret::client {

/// A thread that does the input and output of one or more connections and runs their callbacks.
/// A Connection makes its own unless it is given one; it must outlive the connections it serves.
class Loop {
 public:
  Loop();
  /// Stops and joins the thread. Not to be called on the thread itself.
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  /// Runs `task` on the loop's thread, soon. Any thread.
  void post(Task task);
  /// Runs `task` on the loop's thread and returns when it has run; at once on that thread itself.
  void run(Task task);
  /// True on the loop's own thread, where blocking calls are refused.
  bool is_current() const;

  /// For the library's own use.
  boost::asio::io_context& context();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace leveret::client
