#include "store/checkpointer.h"

#include <algorithm>

namespace leveret::store {
namespace {

/// The writer finishes what is left below this; it costs a commit about as much as these pages.
constexpr std::int64_t rest_bytes = 1 << 20;
constexpr int rounds_max = 6;

}  // namespace

Checkpointer::Checkpointer(Connection& connection, std::int64_t wal_bytes, std::int64_t page_bytes,
                           Failure& failure)
    : connection_(connection),
      trigger_pages_(std::max<std::int64_t>(wal_bytes / page_bytes, 1)),
      rest_pages_(rest_bytes / page_bytes),
      failure_(failure),
      next_trigger_pages_(trigger_pages_),
      thread_([this] { run(); }) {}

Checkpointer::~Checkpointer() {
  close();
}

void Checkpointer::wal_has(std::int64_t pages) {
  if (pages < last_pages_) next_trigger_pages_ = trigger_pages_;  // It began anew.
  last_pages_ = pages;
  if (pages < next_trigger_pages_ || is_running_) return;
  // When a reader pins the WAL or the disk is full, it grows on: do not try again at every commit.
  next_trigger_pages_ = pages + trigger_pages_ / 4 + 1;
  is_running_ = true;
  const std::lock_guard lock(mutex_);
  requested_ = true;
  wake_.notify_one();
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
  std::unique_lock lock(mutex_);
  while (true) {
    wake_.wait(lock, [this] { return requested_ || closing_; });
    if (closing_) return;
    requested_ = false;
    lock.unlock();
    if (!failure_.happened()) checkpoint();
    is_running_ = false;
    lock.lock();
  }
}

void Checkpointer::checkpoint() {
  try {
    CheckpointResult result;
    for (int round = 0; round < rounds_max; ++round) {
      result = checkpoint_passive(connection_);
      if (result.wal_pages - result.done_pages <= rest_pages_) break;
    }
    if (!result.is_complete()) finish_requested_ = true;
  } catch (const StoreError& error) {
    failure_.report(error.what());
  }
}

CheckpointResult checkpoint_passive(Connection& connection) {
  int wal_pages = 0;
  int done_pages = 0;
  const int code = sqlite3_wal_checkpoint_v2(connection.handle(), nullptr,
                                             SQLITE_CHECKPOINT_PASSIVE, &wal_pages, &done_pages);
  if (code != SQLITE_OK && (code & 0xff) != SQLITE_BUSY && (code & 0xff) != SQLITE_FULL)
    connection.fail(code);
  return {wal_pages, done_pages};
}

}  // namespace leveret::store
