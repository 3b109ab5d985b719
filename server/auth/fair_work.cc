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
    std::deque<Work>& line = waiting_[owner];
    if (line.empty()) turns_.push_back(owner);
    line.push_back(std::move(work));
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
  turns_.clear();
  waiting_.clear();
}

void FairWork::run() {
  this_thread::set_name("logins");
  this_thread::give_way(10);
  while (const Work work = next()) work();
}

/// Empty when it stops.
FairWork::Work FairWork::next() {
  std::unique_lock lock{mutex_};
  wake_.wait(lock, [this] { return is_stopping_ || !turns_.empty(); });
  if (is_stopping_) return {};
  const std::string owner = std::move(turns_.front());
  turns_.pop_front();
  const auto line = waiting_.find(owner);
  Work work = std::move(line->second.front());
  line->second.pop_front();
  if (line->second.empty())
    waiting_.erase(line);
  else
    turns_.push_back(owner);
  return work;
}

}  // namespace leveret::auth
