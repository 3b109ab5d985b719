#include "store/store.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <span>
#include <stdexcept>
#include <utility>
#include <vector>

#include "base/log.h"
#include "store/checkpointer.h"
#include "store/failure.h"
#include "store/log_tail.h"
#include "store/reader.h"
#include "store/redo_log.h"
#include "store/row_crc.h"
#include "store/schema.h"
#include "store/sqlite.h"
#include "store/topology_table.h"
#include "store/writer.h"

namespace leveret::store {
namespace {

constexpr const char* never_sync = "PRAGMA synchronous = OFF";

void set_up_writing(Connection& connection, const StoreOptions& options) {
  // A page that was once read whole stays checked; freed pages need not be overwritten with zeros.
  connection.execute(
      "PRAGMA cell_size_check = ON; PRAGMA secure_delete = OFF; PRAGMA temp_store = MEMORY");
  connection.execute("PRAGMA journal_size_limit = " + std::to_string(options.wal_bytes_max));
  connection.execute("PRAGMA cache_size = " + std::to_string(-options.cache_bytes / 1024));
  const bool must_sync = options.sync_commits && !options.is_in_memory;
  connection.execute(must_sync ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL");
  if (options.is_temporary) connection.execute(never_sync);
}

/// The write-ahead log of a store that is about to be opened.
class OldLog {
 public:
  explicit OldLog(Connection& connection) : connection_(connection) {
    sqlite3_file_control(connection.handle(), nullptr, SQLITE_FCNTL_JOURNAL_POINTER, &log_);
    if (log_ != nullptr && log_->pMethods != nullptr)
      check(log_->pMethods->xFileSize(log_, &size_));
  }

  /// SQLite says nothing of what it leaves out.
  void tell_of_loss() const {
    const LogLoss lost = count_lost_transactions(
        size_, connection_.query_integer("PRAGMA page_size"),
        [this](std::int64_t at, std::span<char> to) {
          check(log_->pMethods->xRead(log_, to.data(), static_cast<int>(to.size()), at));
        });
    if (lost.transactions == 0) return;
    const std::string count = std::to_string(lost.transactions);
    log::error(connection_.file() +
               "-wal is damaged: " + (lost.is_whole_log ? "up to " + count : count + " or more") +
               " transactions cannot be read any more, and confirmed messages may be missing. " +
               (lost.is_whole_log ? "What had been copied from it into the file is there"
                                  : "All before them is there") +
               ". If you have a backup of the data directory, compare it");
  }

  /// Writes it once more as it reads, and syncs it. After a failed sync some of it may be in memory
  /// only, and no later sync saves it: the log that a power cut would leave could then end earlier
  /// than what a checkpoint copies from it into the file, and would be played back over newer
  /// pages.
  void save() const {
    if (size_ == 0) return;
    // SQLite's own files take less than 128 KiB at once.
    std::vector<char> block(std::size_t{1} << 16U);
    for (sqlite3_int64 at = 0; at < size_;) {
      const int count = static_cast<int>(std::min<sqlite3_int64>(size_ - at, std::ssize(block)));
      check(log_->pMethods->xRead(log_, block.data(), count, at));
      check(log_->pMethods->xWrite(log_, block.data(), count, at));
      at += count;
    }
    check(log_->pMethods->xSync(log_, SQLITE_SYNC_FULL));
  }

 private:
  void check(int code) const {
    if (code == SQLITE_OK) return;
    throw StoreError(connection_.file() +
                         ": the write-ahead log cannot be read and written again [sqlite " +
                         std::to_string(code) + "]",
                     code);
  }

  Connection& connection_;
  sqlite3_file* log_ = nullptr;
  sqlite3_int64 size_ = 0;
};

/// The connection that writes, on a file that has been checked and brought to the current version.
void prepare_file(Connection& connection, const StoreOptions& options, RedoLog& redo_log) {
  const int version = check_version(connection, store_schema());
  if (!options.is_in_memory) {
    const OldLog log(connection);
    log.tell_of_loss();
    log.save();
    if (version == 0) redo_log.remove();  // of another store, which was here before
  }
  if (version == 0) {
    connection.execute("PRAGMA page_size = " + std::to_string(options.page_bytes));
    // Only possible before the first table; it is what can give space back to the file system.
    connection.execute("PRAGMA auto_vacuum = INCREMENTAL");
  }
  set_up_writing(connection, options);
  connection.execute(options.is_in_memory ? "PRAGMA journal_mode = MEMORY"
                                          : "PRAGMA journal_mode = WAL");
  migrate(connection, store_schema(), version);
  check_rows(connection, store_schema().checked_tables);
}

void set_closed(Connection& connection, bool is_closed) {
  Statement put(connection, "INSERT OR REPLACE INTO meta " + checked_values(2));
  put.bind_text(1, "is_closed");
  put.bind(2, is_closed ? 1 : 0);
  put.run();
}

/// Whether the file was left by close(); from here on only another close() can say so again.
bool take_closed(Connection& connection) {
  const bool was_closed =
      connection.query_integer("SELECT value FROM meta WHERE name = 'is_closed'") != 0;
  if (was_closed) set_closed(connection, false);
  return was_closed;
}

/// One transaction, for which an emptied log may be the room that there is.
void commit_at_start(Committer& committer, Connection& connection, const BatchPlan& plan,
                     std::optional<std::int64_t> redo) {
  for (int attempt = 1;; ++attempt) {
    try {
      committer.commit(plan, redo);
      return;
    } catch (const StoreError& error) {
      if (!error.is_disk_full()) throw;
      if (attempt == 2)
        throw StoreError(std::string{error.what()} +
                             ". What was confirmed last has to go there: make room for some "
                             "megabytes, and start again",
                         error.code());
      checkpoint_passive(connection);
    }
  }
}

/// What a crash has left in the redo log only.
void apply(RedoLog& redo_log, Connection& connection, const BodyFiles& body_files,
           const LargeBodyLimits& large_bodies) {
  std::vector<Op> ops = redo_log.recover(
      connection.query_integer("SELECT value FROM meta WHERE name = 'redo_applied'"));
  if (ops.empty()) return;
  Committer committer(connection, body_files, large_bodies);
  // After a damaged write-ahead log their queue may be missing.
  const auto lost =
      std::erase_if(ops, [&](const Op& op) { return !committer.queues().contains(op.queue); });
  if (lost > 0)
    log::error(connection.file() + ": " + std::to_string(lost) +
               " changes of queues that are not there any more are left out");
  try {
    commit_at_start(committer, connection, plan_batch(ops, committer.queues()),
                    redo_log.unapplied());
  } catch (const std::logic_error& error) {
    throw StoreError(redo_log.path() + " does not belong to " + connection.file() + ": " +
                         error.what() +
                         ". Nothing was changed. Restore both from a backup, or "
                         "move the first away: what was confirmed last is then missing",
                     SQLITE_CORRUPT);
  }
  redo_log.applied();
  for (const BodyPlace& hole : committer.take_freed().holes) body_files.punch(hole);
}

Connection open_reader(const StoreOptions& options) {
  return Connection(options.file, {.read_only = true, .vfs = options.vfs});
}

}  // namespace

struct Store::Parts {
  Parts(StoreOptions options_in, StoreCallbacks callbacks_in)
      : options(std::move(options_in)),
        callbacks(std::move(callbacks_in)),
        failure(callbacks.fatal),
        write_connection(options.file, {.vfs = options.vfs}),
        redo_log({.store_file = options.file,
                  .vfs = options.vfs,
                  .bytes = options.is_in_memory ? 0 : options.redo_bytes,
                  .syncs = options.sync_commits}),
        recovered(open()),
        checkpoint_connection(options.file, {.is_rarely_used = true, .vfs = options.vfs}),
        read_connection(open_reader(options)),
        checkpointer(checkpoint_connection, wal_limits(), failure),
        reader(read_connection, failure, callbacks, body_files()),
        writer(write_connection, redo_log, checkpointer, reader, failure, callbacks,
               options.steady_now, body_files(), large_bodies(),
               {options.transaction_messages, options.transaction_bytes}) {
    if (options.is_temporary) checkpoint_connection.execute(never_sync);
    if (!options.has_threads) return;
    checkpointer.start();
    reader.start();
    writer.start();
  }

  BodyFiles body_files() const { return {options.file, options.vfs}; }

  LargeBodyLimits large_bodies() const {
    return {.bytes_min = options.is_in_memory ? std::numeric_limits<std::int64_t>::max()
                                              : options.large_body_bytes,
            .file_bytes = options.body_file_bytes,
            .syncs = options.sync_commits};
  }

  Checkpointer::Limits wal_limits() {
    const std::int64_t page_bytes = write_connection.query_integer("PRAGMA page_size");
    constexpr std::int64_t rest_bytes = 1 << 20;
    return {std::max<std::int64_t>(options.wal_bytes / page_bytes, 1),
            options.wal_bytes_max / page_bytes, rest_bytes / page_bytes};
  }

  broker::Recovered open() {
    prepare_file(write_connection, options, redo_log);
    if (!options.is_in_memory) {
      apply(redo_log, write_connection, body_files(), large_bodies());
      if (options.redo_bytes == 0) redo_log.remove();
    }
    broker::Recovered loaded = load_topology(write_connection);
    loaded.was_closed = take_closed(write_connection);
    // After a crash the pages of the WAL may be in memory only. They are what we go on from, so
    // they are made durable before anything is confirmed on top of them.
    if (!options.is_in_memory) checkpoint_passive(write_connection);
    if (options.vfs.empty()) write_connection.watch_files();
    return loaded;
  }

  void close() {
    if (is_closed) return;
    is_closed = true;
    writer.close();
    reader.close();
    checkpointer.close();
    if (failure.happened() || options.is_temporary) return;
    try {
      write_connection.check_files();
      // Turns that a full disk kept out may hold delivered marks.
      if (writer.is_all_applied()) set_closed(write_connection, true);
      write_connection.execute("PRAGMA wal_checkpoint(TRUNCATE)");
    } catch (const StoreError& error) {
      if (error.code() == SQLITE_READONLY_DBMOVED) return failure.report(error.what());
      // The WAL stays beside the file and is read at the next start.
      log::warn(error.what());
    }
  }

  const StoreOptions options;
  const StoreCallbacks callbacks;
  Failure failure;
  Connection write_connection;
  RedoLog redo_log;
  broker::Recovered recovered;
  Connection checkpoint_connection;
  Connection read_connection;
  Checkpointer checkpointer;
  Reader reader;
  Writer writer;
  bool is_closed = false;
};

Store::Store(StoreOptions options, StoreCallbacks callbacks)
    : parts_(std::make_unique<Parts>(std::move(options), std::move(callbacks))) {}

Store::~Store() {
  close();
}

broker::Recovered Store::recover() {
  return std::exchange(parts_->recovered, {});
}

Op& Store::record(Op::Kind kind, std::size_t bytes) {
  turn_.bytes += sizeof(Op) + bytes;
  gathered_.bytes += sizeof(Op) + bytes;
  Op& op = gathered_.ops.emplace_back();
  op.kind = kind;
  return op;
}

void Store::record_topology(TopologyOp op) {
  record(Op::Kind::topology, sizeof(TopologyOp)).topology =
      std::make_unique<TopologyOp>(std::move(op));
  turn_.only_removes = false;
}

void Store::put_exchange(const broker::ExchangeRecord& exchange) {
  record_topology(PutExchange{exchange});
}

void Store::drop_exchange(const std::string& name) {
  record_topology(DropExchange{name});
}

void Store::put_queue(const broker::QueueRecord& queue) {
  record_topology(PutQueue{queue});
}

void Store::drop_queue(QueueId queue, const std::string& name) {
  record_topology(DropQueue{queue, name});
}

void Store::put_binding(const broker::BindingRecord& binding) {
  record_topology(PutBinding{binding});
}

void Store::drop_binding(const broker::BindingRecord& binding) {
  record_topology(DropBinding{binding});
}

void Store::put_policy(const broker::PolicyRecord& policy) {
  record_topology(PutPolicy{policy});
}

void Store::drop_policy(broker::PolicyKind kind, const std::string& name) {
  record_topology(DropPolicy{kind, name});
}

void Store::append(QueueId queue, broker::Seq seq, broker::MessagePtr message,
                   broker::ContentId content) {
  // A message that many queues share takes its memory once.
  const bool is_counted = content != 0 && content == turn_content_;
  turn_content_ = content;
  Op& op = record(Op::Kind::append, is_counted ? 0 : message->memory_bytes());
  op.queue = queue;
  op.seq = seq;
  op.content = content;
  op.message = std::move(message);
  turn_.only_removes = false;
}

// The entry's row says which message it has and how long that is: the caller's word for it is not
// needed.
void Store::remove(QueueId queue, broker::Seq seq, broker::ContentId, std::size_t) {
  if (joins_last_removal(queue, seq)) return;
  Op& op = record(Op::Kind::remove);
  op.queue = queue;
  op.seq = seq;
}

/// Whoever acknowledges one message after the other removes them in one piece, which takes the room
/// of one.
bool Store::joins_last_removal(QueueId queue, broker::Seq seq) {
  const std::size_t turn_begins = gathered_.is_empty() ? 0 : gathered_.turns.back().ops_end;
  if (gathered_.ops.size() == turn_begins) return false;
  Op& last = gathered_.ops.back();
  if (!last.removes() || last.queue != queue || last.removes_up_to() + 1 != seq) return false;
  last.kind = Op::Kind::remove_range;
  last.last_seq = seq;
  return true;
}

void Store::remove_range(QueueId queue, broker::Seq first, broker::Seq last) {
  Op& op = record(Op::Kind::remove_range);
  op.queue = queue;
  op.seq = first;
  op.last_seq = last;
}

void Store::set_delivery_count(QueueId queue, broker::Seq seq, std::uint32_t count) {
  Op& op = record(Op::Kind::delivery_count);
  op.queue = queue;
  op.seq = seq;
  op.delivery_count = count;
  turn_.only_removes = false;
}

void Store::mark_delivered(QueueId queue, broker::Seq seq) {
  Op& op = record(Op::Kind::mark);
  op.queue = queue;
  op.seq = seq;
}

bool Store::flush(broker::Urgency urgency) {
  if (is_turn_open()) {
    turn_.number = ++flushed_;
    turn_.ops_begin = gathered_.is_empty() ? 0 : gathered_.turns.back().ops_end;
    turn_.ops_end = gathered_.ops.size();
    gathered_.turns.push_back(std::exchange(turn_, {}));
    turn_content_ = 0;
  }
  if (std::exchange(is_read_waiting_, false)) urgency = broker::Urgency::now;
  if (gathered_.is_empty() || urgency == broker::Urgency::soon) return !gathered_.is_empty();
  if (urgency == broker::Urgency::due) {
    Batch due = gathered_.take_settled();
    submitted_ = due.turns.back().number;
    parts_->writer.submit(due);
  } else {
    submitted_ = flushed_;
    parts_->writer.submit(gathered_);
  }
  return !gathered_.is_empty();
}

std::size_t Store::pending_bytes() const {
  return gathered_.bytes + parts_->writer.pending_bytes();
}

broker::JournalStats Store::stats() const {
  return parts_->writer.stats();
}

void Store::read(QueueId queue, broker::Seq first, broker::Seq last, std::size_t count_max,
                 std::size_t bytes_max, broker::CommitNumber after, ReadCallback done) {
  is_read_waiting_ = is_read_waiting_ || after > submitted_;
  // What has been reported need not be in the file yet, and nobody else knows the difference.
  after = std::max(after, parts_->writer.reported());
  parts_->writer.apply_up_to(after);
  const ReadRange range{after, queue, first, last, count_max};
  parts_->reader.request(ReadRequest{range, bytes_max, std::move(done)});
}

void Store::read_expired(QueueId queue, broker::Seq first, broker::Seq last, TimeMs now,
                         std::size_t count_max, ExpiredCallback done) {
  is_read_waiting_ = true;
  parts_->writer.apply_up_to(recorded());
  const ReadRange range{recorded(), queue, first, last, count_max};
  parts_->reader.request(ExpiredRequest{range, now, std::move(done)});
}

bool Store::step(StorePart part) {
  switch (part) {
    case StorePart::writer: return parts_->writer.step();
    case StorePart::reader: return parts_->reader.step();
    case StorePart::checkpointer: return parts_->checkpointer.step();
  }
  return false;
}

broker::CommitNumber Store::recorded() const {
  return is_turn_open() ? current_commit() : flushed_;
}

bool Store::is_turn_open() const {
  return gathered_.ops.size() > (gathered_.is_empty() ? 0 : gathered_.turns.back().ops_end);
}

void Store::close() {
  if (!is_turn_open() && !gathered_.is_empty()) parts_->writer.submit(gathered_);
  parts_->close();
}

}  // namespace leveret::store
