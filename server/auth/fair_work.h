#pragma once

#include <condition_variable>
#include <cstddef>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/fair_line.h"

namespace leveret::auth {

/// Threads for slow work that many owners ask for, one piece of each in turn: however much waits
/// for one owner, the others wait for one piece of it at most. Passwords are checked here, owned by
/// the addresses that they come from, so that a flood of logins from one of them keeps nobody else
/// out. Any thread.
class FairWork {
 public:
  explicit FairWork(std::size_t threads);
  /// Calls stop().
  ~FairWork();
  FairWork(const FairWork&) = delete;
  FairWork& operator=(const FairWork&) = delete;

  /// `work` must not throw. After stop() it is destroyed without having run.
  void submit(const std::string& owner, std::function<void()> work);
  /// Waits for what runs, and destroys what waits.
  void stop();

 private:
  using Work = std::function<void()>;

  void run();
  Work next();

  std::mutex mutex_;
  std::condition_variable wake_;
  FairLine<Work> waiting_;
  bool is_stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace leveret::auth
