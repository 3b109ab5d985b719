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

/// A store with a core made of the test's own thread: what the store posts runs inside the wait
/// functions.
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
  /// Runs what has been posted until `done` holds or the store has failed.
  bool run_until(const std::function<bool()>& done);

  broker::CommitNumber last_committed() const;
  /// Empty while all is well.
  std::string fatal_text() const;
  bool disk_is_full() const;
  /// Closes the store, and opens it again in a new life.
  void reopen();
  void close();

 private:
  StoreOptions options_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> posted_;
  broker::CommitNumber committed_ = 0;
  bool disk_is_full_ = false;
  std::string fatal_;
  std::unique_ptr<Store> store_;
  broker::Recovered recovered_;

  void open();
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
