#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "broker/journal.h"
#include "store/batch.h"
#include "store/callbacks.h"

namespace leveret::store {

struct StoreOptions {
  std::string file;
  /// Of a new file; a power of two from 512 to 65536.
  int page_bytes = 16384;
  /// How long the write-ahead log gets before it is copied into the file, and before commits wait
  /// for that. When it once was longer, it is cut to the second.
  std::int64_t wal_bytes = 16 << 20;
  std::int64_t wal_bytes_max = 64 << 20;
  std::int64_t cache_bytes = 16 << 20;
  /// Length of the redo log; 0 for none.
  std::int64_t redo_bytes = 0;
  /// Bodies from here on stand in files of their own, which end at so many bytes.
  std::int64_t large_body_bytes = 64 << 10;
  std::int64_t body_file_bytes = 64 << 20;
  /// So many messages that have so many bytes make a transaction (see writer.h): larger ones are
  /// hardly better.
  std::size_t transaction_messages = 512;
  std::size_t transaction_bytes = std::size_t{768} << 10U;
  /// False only in the tests that show what it is for: a commit then does not wait for the disk.
  bool sync_commits = true;
  /// Nobody needs the file after this: nothing is ever synced, nor checkpointed at the end.
  bool is_temporary = false;
  /// A registered SQLite VFS, empty for the default.
  std::string vfs = {};
  /// The VFS keeps its files in memory: there is nothing to sync, and no write-ahead log.
  bool is_in_memory = false;
  /// False for a simulation, which does the threads' work by Store::step(), on one thread.
  bool has_threads = true;
  /// What the writer takes for the time.
  std::chrono::steady_clock::time_point (*steady_now)() = std::chrono::steady_clock::now;
};

/// Whose turn it is in Store::step().
enum class StorePart : std::uint8_t { writer, reader, checkpointer };

/// The durable half of one virtual host: a SQLite file with a thread that commits, one that reads
/// and one that checkpoints. The Journal's calls come on the core's loop; see writer.h for what is
/// promised when.
class Store final : public broker::Journal {
 public:
  /// Opens or creates the file and starts the threads. Throws StoreError, before anything is
  /// written, when the file is damaged, newer than this program or not a store.
  Store(StoreOptions options, StoreCallbacks callbacks);
  /// Calls close().
  ~Store() override;

  /// What was stored when the file was opened. To be taken once.
  broker::Recovered recover();

  void put_exchange(const broker::ExchangeRecord& exchange) override;
  void drop_exchange(const std::string& name) override;
  void put_queue(const broker::QueueRecord& queue) override;
  void drop_queue(QueueId queue, const std::string& name) override;
  void put_binding(const broker::BindingRecord& binding) override;
  void drop_binding(const broker::BindingRecord& binding) override;
  void put_policy(const broker::PolicyRecord& policy) override;
  void drop_policy(broker::PolicyKind kind, const std::string& name) override;
  void append(QueueId queue, broker::Seq seq, broker::MessagePtr message,
              broker::ContentId content) override;
  void remove(QueueId queue, broker::Seq seq, broker::ContentId content,
              std::size_t body_bytes) override;
  void remove_range(QueueId queue, broker::Seq first, broker::Seq last) override;
  void set_delivery_count(QueueId queue, broker::Seq seq, std::uint32_t count) override;
  void mark_delivered(QueueId queue, broker::Seq seq) override;
  broker::CommitNumber current_commit() const override { return flushed_ + 1; }
  bool flush(broker::Urgency urgency) override;
  std::size_t pending_bytes() const override;
  broker::JournalStats stats() const override;
  void read(QueueId queue, broker::Seq first, broker::Seq last, std::size_t count_max,
            std::size_t bytes_max, broker::CommitNumber after, ReadCallback done) override;
  void read_expired(QueueId queue, broker::Seq first, broker::Seq last, TimeMs now,
                    std::size_t count_max, ExpiredCallback done) override;

  /// Does what this part's thread would do next, unless it would wait for something; returns
  /// whether there was something to do. With StoreOptions::has_threads off only. Callbacks run
  /// inside.
  bool step(StorePart part);

  /// Commits what was flushed (between turns), empties the write-ahead log into the file and closes
  /// it, unless the store has failed: then nothing more is written. No callback runs afterwards.
  void close();

 private:
  struct Parts;
  Op& record(Op::Kind kind, std::size_t bytes = 0);
  void record_topology(TopologyOp op);
  /// The transaction that holds what has been recorded up to now.
  broker::CommitNumber recorded() const;
  /// Whether the current turn has recorded anything.
  bool is_turn_open() const;
  bool joins_last_removal(QueueId queue, broker::Seq seq);

  std::unique_ptr<Parts> parts_;
  /// Turns that wait, and what the current one has recorded up to now.
  Batch gathered_;
  Turn turn_;
  broker::ContentId turn_content_ = 0;
  broker::CommitNumber flushed_ = 0;
  broker::CommitNumber submitted_ = 0;
  bool is_read_waiting_ = false;  // for something that has not been submitted
};

}  // namespace leveret::store
