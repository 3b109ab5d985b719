#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "store/batch.h"
#include "store/callbacks.h"
#include "store/checkpointer.h"
#include "store/committer.h"
#include "store/failure.h"
#include "store/reader.h"
#include "store/writer_stats.h"

namespace leveret::store {

/// The thread that commits. It takes all turns that have gathered, makes one transaction of them,
/// reports, and takes what gathered meanwhile; there is no timer. Turns are never split.
///
/// When the disk is full, the transaction is rolled back and its turns are kept: nothing is
/// reported, and it is tried again, with the turns that came since, when there may be room. Until
/// then those turns that need no room, acknowledgements above all, are committed by themselves, so
/// that consumers go on and room is made. They may overtake: what they remove is either stored
/// already, or appended by a turn that is still held here, where the removal stays with it and
/// cancels it. Removing twice changes nothing, so the whole is applied again in order later, and
/// only then reported.
class Writer {
 public:
  /// Tells the time that a full disk is left alone by; monotonic.
  using Now = std::chrono::steady_clock::time_point (*)();

  /// `connection` is its own until close().
  Writer(Connection& connection, Checkpointer& checkpointer, Reader& reader, Failure& failure,
         const StoreCallbacks& callbacks, Now now, const BodyFiles& body_files,
         const LargeBodyLimits& large_bodies);
  ~Writer();
  /// Starts the thread. Without it nothing is committed but by step() and close().
  void start();
  /// Does what the thread would do next, if it would not wait; returns whether it did. Only without
  /// a thread.
  bool step();

  /// Takes these turns and leaves `turns` empty. Core's thread.
  void submit(Batch& turns);
  /// Commits what was submitted, if the disk has room for it, and ends the thread.
  void close();
  /// Bytes submitted and not committed. Any thread.
  std::size_t pending_bytes() const { return pending_bytes_; }
  /// As of the latest commit. Any thread.
  broker::JournalStats stats() const { return stats_.get(); }

 private:
  void run();
  /// Waits for turns, and adds them to those that are held. True when no more will come.
  bool gather();
  void take_gathered();
  /// With the turns that are held. False when the store has failed.
  bool work(bool is_last);
  void write(bool is_last);
  void clean_up();
  void commit_held();
  void commit_held_removals();
  void hold_for_space();
  void after_commit();
  void pass_on_freed_bodies();

  Connection& connection_;
  Checkpointer& checkpointer_;
  Reader& reader_;
  Failure& failure_;
  const StoreCallbacks& callbacks_;
  const Now now_;
  Committer committer_;
  /// That the reader was asked to remove and has not said so yet.
  std::size_t body_files_to_go_ = 0;
  const std::int64_t page_bytes_;

  std::mutex mutex_;
  std::condition_variable wake_;
  Batch gathered_;
  /// Since when there is something in gathered_, and in held_.
  std::chrono::steady_clock::time_point gathered_since_;
  bool is_waiting_ = false;
  bool closing_ = false;

  Batch held_;
  std::chrono::steady_clock::time_point held_since_;
  bool disk_is_full_ = false;
  std::chrono::steady_clock::time_point retry_at_;
  std::atomic<std::size_t> pending_bytes_{0};
  WriterStats stats_;
  std::thread thread_;
};

}  // namespace leveret::store
