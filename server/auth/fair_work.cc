#include "auth/fair_work.h"

#include <utility>

#include "base/this_thread.h"

namespace leveret::auth {

FairWork::FairWork(std::size_t threads) {
  for (std::size_t i = 0; i < threads; ++i) threads_.emplace_back([this] { run(); });
}

FairWork::~FairWork() {
  stop();
}

void FairWork::submit(const std::string& owner, Work work) {
  {
    const std::lock_guard lock{mutex_};
    if (is_stopping_) return;
    waiting_.push(owner, std::move(work));
  }
  wake_.notify_one();
}

void FairWork::stop() {
  {
    const std::lock_guard lock{mutex_};
    is_stopping_ = true;
  }
  wake_.notify_all();
  for (std::thread& thread : threads_)
    if (thread.joinable()) thread.join();
  waiting_.clear();
}

void FairWork::run() {
  this_thread::set_name("logins");
  this_thread::give_way(19);
  while (const Work work = next()) work();
}

/// Empty when it stops.
FairWork::Work FairWork::next() {
  std::unique_lock lock{mutex_};
  wake_.wait(lock, [this] { return is_stopping_ || !waiting_.empty(); });
  return is_stopping_ ? Work{} : waiting_.pop();
}

}  // namespace leveret::auth
