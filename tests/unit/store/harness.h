#pragma once

#include <condition_variable>
#include <deque>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "store/store.h"

namespace leveret::store::test {

/// A directory of its own for one test, removed afterwards.
class TempDir {
 public:
  TempDir();
  ~TempDir();
  std::string file(const std::string& name) const { return (path_ / name).string(); }
  std::string path() const { return path_.string(); }

 private:
  std::filesystem::path path_;
};

/// What a core's loop is to a store, made of the test's own thread: what the store posts runs
/// inside run_until().
class TestLoop {
 public:
  StoreCallbacks callbacks();
  /// Runs what has been posted until `done` holds or the store has failed.
  bool run_until(const std::function<bool()>& done);
  /// For a store in a new life.
  void forget();

  broker::CommitNumber last_committed() const;
  /// Empty while all is well.
  std::string fatal_text() const;
  bool disk_is_full() const;

 private:
  mutable std::recursive_mutex mutex_;  // `done` may ask too
  std::condition_variable_any changed_;
  std::deque<std::function<void()>> posted_;
  broker::CommitNumber committed_ = 0;
  bool disk_is_full_ = false;
  std::string fatal_;
};

/// A store with its loop.
class TestStore {
 public:
  explicit TestStore(StoreOptions options);
  ~TestStore();

  Store& operator*() { return *store_; }
  Store* operator->() { return store_.get(); }
  broker::Recovered recovered() const { return recovered_; }

  /// Flushes, and returns when that is committed; false when the store failed instead.
  bool commit();
  /// Returns when `number` is committed, or false when the store has failed.
  bool wait_committed(broker::CommitNumber number);
  /// Returns when the store has reported a failure.
  void wait_fatal();
  /// Returns when the last report about the disk is `full`.
  void wait_disk_full(bool full);
  std::vector<broker::StoredMessage> read(QueueId queue, broker::Seq first = 1,
                                          broker::Seq last = ~broker::Seq{0},
                                          std::size_t count_max = 1'000'000,
                                          std::size_t bytes_max = 1'000'000'000);
  bool run_until(const std::function<bool()>& done) { return loop_.run_until(done); }

  broker::CommitNumber last_committed() const { return loop_.last_committed(); }
  std::string fatal_text() const { return loop_.fatal_text(); }
  bool disk_is_full() const { return loop_.disk_is_full(); }
  /// Closes the store, and opens it again in a new life.
  void reopen();
  void close();

 private:
  void open();

  StoreOptions options_;
  TestLoop loop_;
  std::unique_ptr<Store> store_;
  broker::Recovered recovered_;
};

/// A persistent message with the given body.
broker::MessagePtr message(const std::string& body, const std::string& routing_key = "key");

/// Runs one query on the file with the plain VFS and returns its rows, columns joined by '|'.
std::vector<std::string> query(const std::string& file, const std::string& sql);
/// What is wrong inside the file: SQLite's own check, counters that do not count, orphans. Empty
/// when all fits.
std::vector<std::string> inconsistencies(const std::string& file);

std::string read_file(const std::string& path);
void write_file(const std::string& path, const std::string& bytes);

}  // namespace leveret::store::test
