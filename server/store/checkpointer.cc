#include "store/checkpointer.h"

#include "base/this_thread.h"

namespace leveret::store {

Checkpointer::Checkpointer(Connection& connection, const Limits& limits, Failure& failure)
    : connection_(connection),
      limits_(limits),
      failure_(failure),
      next_trigger_pages_(limits.begin) {
  // A connection that has never read has not noticed the WAL, and its checkpoints do nothing.
  connection.query_integer("SELECT count(*) FROM sqlite_master");
}

Checkpointer::~Checkpointer() {
  close();
}

void Checkpointer::start() {
  thread_ = std::thread([this] { run(); });
}

void Checkpointer::wal_has(std::int64_t pages) {
  if (pages < last_pages_) next_trigger_pages_ = limits_.begin;  // It began anew.
  last_pages_ = pages;
  if (pages < next_trigger_pages_ || is_running_) return;
  // When a reader pins the WAL or the disk is full, it grows on: do not try again at every commit.
  next_trigger_pages_ = pages + limits_.begin / 4 + 1;
  is_running_ = true;
  const std::lock_guard lock(mutex_);
  requested_ = true;
  wake_.notify_one();
}

bool Checkpointer::take_finish_request() {
  if (last_pages_ >= 2 * limits_.finish && is_running_ && thread_.joinable()) {
    std::unique_lock lock(mutex_);
    idle_.wait(lock, [this] { return !is_running_ || closing_; });
  }
  return finish_requested_.exchange(false);
}

void Checkpointer::close() {
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
    wake_.notify_one();
  }
  if (thread_.joinable()) thread_.join();
}

void Checkpointer::run() {
  this_thread::set_name("checkpointer");
  this_thread::give_way(10);
  std::unique_lock lock(mutex_);
  while (true) {
    wake_.wait(lock, [this] { return requested_ || closing_; });
    if (closing_) return;
    do_round(lock);
  }
}

bool Checkpointer::step() {
  std::unique_lock lock(mutex_);
  if (!requested_) return false;
  do_round(lock);
  return true;
}

void Checkpointer::do_round(std::unique_lock<std::mutex>& lock) {
  requested_ = false;
  lock.unlock();
  if (!failure_.happened()) checkpoint();
  lock.lock();
  is_running_ = false;
  idle_.notify_one();
}

void Checkpointer::checkpoint() {
  try {
    CheckpointResult result;
    std::int64_t left = 0;
    do {
      const std::int64_t left_before = left;
      result = checkpoint_passive(connection_);
      left = result.wal_pages - result.done_pages;
      if (left_before > 0 && left >= left_before) break;  // It gets no nearer.
    } while (left > limits_.rest && result.wal_pages < limits_.finish);
    // Also when the round saw no more: what was committed since then keeps the WAL from ending.
    finish_requested_ = true;
  } catch (const StoreError& error) {
    failure_.report(error.what());
  }
}

CheckpointResult checkpoint_passive(Connection& connection) {
  int wal_pages = 0;
  int done_pages = 0;
  const int code = sqlite3_wal_checkpoint_v2(connection.handle(), nullptr,
                                             SQLITE_CHECKPOINT_PASSIVE, &wal_pages, &done_pages);
  if (code != SQLITE_OK && (code & 0xff) != SQLITE_BUSY && (code & 0xff) != SQLITE_FULL &&
      !connection.has_met_quota(code, Connection::Written::file))
    connection.fail(code);
  if (code == SQLITE_OK && wal_pages < 0)
    throw StoreError(connection.file() + ": the write-ahead log is not in use");
  return {wal_pages, done_pages};
}

}  // namespace leveret::store
