#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <thread>

#include "store/failure.h"
#include "store/sqlite.h"

namespace leveret::store {

/// Copies the WAL into the main file on a thread of its own, so that commits go on meanwhile. What
/// is written during a round is left over; when that is little, the writer is asked to do the rest
/// between two commits, after which the next one starts the WAL from its beginning again. Without
/// that last step a WAL under steady load would never end.
class Checkpointer {
 public:
  /// Lengths of the WAL in pages.
  struct Limits {
    /// A checkpoint begins.
    std::int64_t begin = 0;
    /// Commits outrun the checkpoint: the writer finishes after this round, and commits wait.
    std::int64_t finish = 0;
    /// The writer finishes what is left below this; it costs a commit about as much as these pages.
    std::int64_t rest = 0;
  };

  /// `connection` is its own.
  Checkpointer(Connection& connection, const Limits& limits, Failure& failure);
  ~Checkpointer();
  /// Starts the thread. Without it there is no checkpoint but by step().
  void start();
  /// Does the round that is asked for; returns whether one was. Only without a thread.
  bool step();

  /// Tells how long the WAL is after a commit. Writer's thread.
  void wal_has(std::int64_t pages);
  /// As told last. Writer's thread.
  std::int64_t wal_pages() const { return last_pages_; }
  /// True once when the writer should finish. When the WAL is far too long, waits for the thread's
  /// round that is running, so that it never takes more than twice Limits::finish and a batch.
  /// Writer's thread.
  bool take_finish_request();
  /// Ends the thread; a round that is running is waited for.
  void close();

 private:
  void run();
  void checkpoint();
  /// Does a round without the lock.
  void do_round(std::unique_lock<std::mutex>& lock);

  Connection& connection_;
  const Limits limits_;
  Failure& failure_;
  std::int64_t next_trigger_pages_;  // Only the writer's thread reads and writes it.
  std::int64_t last_pages_ = 0;
  std::atomic<bool> is_running_{false};
  std::atomic<bool> finish_requested_{false};
  std::mutex mutex_;
  std::condition_variable wake_;
  std::condition_variable idle_;
  bool requested_ = false;
  bool closing_ = false;
  std::thread thread_;
};

/// What a checkpoint came to, in WAL pages.
struct CheckpointResult {
  std::int64_t wal_pages = 0;
  std::int64_t done_pages = 0;
};

/// One checkpoint that waits for nobody (SQLITE_CHECKPOINT_PASSIVE). A full disk is not an error
/// here: the WAL keeps what could not be copied. Throws StoreError otherwise.
CheckpointResult checkpoint_passive(Connection& connection);

}  // namespace leveret::store
