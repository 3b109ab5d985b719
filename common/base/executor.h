#pragma once

#include "base/task.h"

namespace leveret {

/// A loop that runs tasks one at a time, in the order they were posted. Implemented over Asio by
/// the server and by a plain queue in tests, so that nothing else needs to know what a loop is made
/// of.
class Executor {
 public:
  virtual ~Executor() = default;

  /// Queues `task`; never runs it inside the call. May be called from any thread.
  virtual void post(Task task) = 0;

  /// Runs `task` at once when called on this loop's own thread, else posts it.
  virtual void dispatch(Task task) = 0;
};

}  // namespace leveret
