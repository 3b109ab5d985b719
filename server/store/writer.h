#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

#include "store/batch.h"
#include "store/callbacks.h"
#include "store/checkpointer.h"
#include "store/committer.h"
#include "store/failure.h"
#include "store/reader.h"
#include "store/redo_log.h"
#include "store/redo_record.h"
#include "store/unapplied.h"
#include "store/writer_stats.h"

namespace leveret::store {

/// What makes a transaction of a size that no larger one is much better than: both.
struct TransactionLimits {
  std::size_t messages = 0;
  std::size_t bytes = 0;
};

/// The thread that commits. It takes all turns that have gathered, makes one transaction of them,
/// reports, and takes what gathered meanwhile; there is no timer. Turns are never split.
///
/// When more has gathered than a transaction should have, it writes the first of it only: while it
/// does, workers settle much of the rest, and what they have settled is never written. With all of
/// it in one transaction, every message that is sent faster than it can be written would be
/// written, and removed by the next, for as long as somebody sends so fast: a burst would cost the
/// greater part of the throughput until the senders pause. So a message that has been acknowledged
/// may be gone after a crash although a later turn than its own is not there.
///
/// Few and small ones it writes into the redo log instead, which is far less to write, reports
/// them, and keeps them until something has to be a transaction: the log is full, a second
/// has passed, somebody wants to read them, or there is more than the log is for. Then all of it
/// becomes one, and what has been settled in the meantime is not written.
///
/// When the disk is full, the transaction is rolled back and its turns are kept: nothing is
/// reported, and it is tried again, with the turns that came since, when there may be room. Until
/// then those turns that need no room, acknowledgements above all, are committed by themselves, so
/// that consumers go on and room is made; and then what is in the redo log, so that it can be read.
/// They may overtake: what they remove is either stored already, or appended by a turn that is
/// still held here, where the removal stays with it and cancels it. (Not if it is in the redo log:
/// a start would bring it back.) Removing twice changes nothing, so the whole is applied again in
/// order later, and only then reported.
class Writer {
 public:
  /// Tells the time that a full disk is left alone by; monotonic.
  using Now = std::chrono::steady_clock::time_point (*)();

  /// `connection` and `redo_log` are its own until close(); all of the log is applied.
  Writer(Connection& connection, RedoLog& redo_log, Checkpointer& checkpointer, Reader& reader,
         Failure& failure, const StoreCallbacks& callbacks, Now now, const BodyFiles& body_files,
         const LargeBodyLimits& large_bodies, const TransactionLimits& transaction_limits);
  ~Writer();
  /// Starts the thread. Without it nothing is committed but by step() and close().
  void start();
  /// Does what the thread would do next, if it would not wait; returns whether it did. Only without
  /// a thread.
  bool step();

  /// Takes these turns and leaves `turns` empty. Core's thread.
  void submit(Batch& turns);
  /// The last turn that was reported as committed, or is about to be. Any thread.
  broker::CommitNumber reported() const { return reported_; }
  /// The turns up to this one, whether they have come or will, are wanted in the file, where they
  /// can be read. Core's thread.
  void apply_up_to(broker::CommitNumber number);
  /// Commits what was submitted, if the disk has room for it, and ends the thread.
  void close();
  /// Whether all that was submitted is in the file. After close().
  bool is_all_applied() const { return held_.is_empty() && unapplied_.is_empty(); }
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
  /// Makes what is held durable by the redo log, if that is for it; returns whether it did.
  bool log_held();
  bool write_record();
  /// Makes what is in the redo log, and what is held, a transaction.
  void commit_held();
  /// The same of what is in the redo log alone.
  void commit_unapplied();
  /// Both: of what is held, so many turns.
  void commit_with_unapplied(std::size_t turn_count);
  void commit_held_removals();
  void hold_for_space();
  /// Tells that everything up to this number is on disk; returns false when the store has failed.
  bool report(broker::CommitNumber number);
  void after_commit();
  /// Whether it is time that what is in the redo log only goes into the file: somebody waits for
  /// it, or it has been there for long.
  bool has_to_apply() const;
  /// Whether something waits for room.
  bool has_to_retry() const;
  std::uint64_t log_bytes() const;
  void pass_on_freed_bodies();

  Connection& connection_;
  RedoLog& redo_log_;
  Checkpointer& checkpointer_;
  Reader& reader_;
  Failure& failure_;
  const StoreCallbacks& callbacks_;
  const Now now_;
  Committer committer_;
  /// That the reader was asked to remove and has not said so yet.
  std::size_t body_files_to_go_ = 0;
  const std::int64_t page_bytes_;
  const RecordLimits record_limits_;
  const TransactionLimits transaction_limits_;

  std::mutex mutex_;
  std::condition_variable wake_;
  Batch gathered_;
  /// Since when there is something in gathered_, and in held_.
  std::chrono::steady_clock::time_point gathered_since_;
  bool is_waiting_ = false;
  bool closing_ = false;
  std::atomic<broker::CommitNumber> wanted_{0};

  Batch held_;
  /// Since when the first of it has been waiting, and the last of it.
  std::chrono::steady_clock::time_point held_since_;
  std::chrono::steady_clock::time_point held_last_since_;
  /// How long the last transaction took to get on disk.
  std::chrono::nanoseconds last_sync_{0};
  bool disk_is_full_ = false;
  std::chrono::steady_clock::time_point retry_at_;
  Unapplied unapplied_;
  std::chrono::steady_clock::time_point apply_at_;
  std::string record_;
  std::atomic<broker::CommitNumber> reported_{0};
  broker::CommitNumber applied_ = 0;
  std::atomic<std::size_t> pending_bytes_{0};
  WriterStats stats_;
  std::thread thread_;
};

}  // namespace leveret::store
