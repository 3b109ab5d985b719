#include "system_calls.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cerrno>
#include <chrono>

#include "harness.h"
#include "workload.h"

namespace leveret::store::test {
namespace {

/// A clock by which a full disk is tried again at once: it hurries on, a long time ago.
std::chrono::steady_clock::time_point hurried_now() {
  static std::atomic<int> seconds;
  return std::chrono::steady_clock::time_point{} - std::chrono::hours{100'000} +
         std::chrono::seconds{++seconds};
}

/// A store on the real disk whose writes are answered as a test wants; small, so that checkpoints
/// and files of bodies are met too.
class Life {
 public:
  /// From a new store to the end of its last turn, or to its failure. An even `number` of a life
  /// has a redo log.
  Life(int number, const std::function<void(SystemCalls&)>& plan) {
    options_.redo_bytes = number % 2 == 0 ? 64 << 10 : 0;
    TestStore store(options_);
    plan(calls_);
    for (int turn = 0; turn < 100 && store.fatal_text().empty(); ++turn) {
      workload_.turn(*store);
      store.wait_committed(store->current_commit() - 1);
    }
    fatal_ = store.fatal_text();
    committed_ = store.last_committed();
    EXPECT_TRUE(calls_.has_come());
  }

  /// No failure was told of, and all is there at the next start.
  void expect_unharmed() {
    EXPECT_EQ(fatal_, "");
    EXPECT_EQ(committed_, workload_.turns());
    start_again();
  }
  /// It ended with a text that names its file; what was confirmed is there at the next start.
  void expect_ended() {
    EXPECT_NE(fatal_.find(options_.file), std::string::npos) << fatal_;
    start_again();
  }

 private:
  void start_again() {
    calls_.heal();
    TestStore store(options_);
    const Model found = read_all(store);
    const std::size_t turn = workload_.turn_of(found);
    EXPECT_GE(turn, committed_);
    EXPECT_TRUE(found == workload_.after(turn)) << describe(found);
    store.close();
    EXPECT_EQ(inconsistencies(options_.file), std::vector<std::string>{});
  }

  TempDir dir_;
  SystemCalls calls_;
  StoreOptions options_{.file = dir_.file("x.db"),
                        .page_bytes = 4096,
                        .wal_bytes = 128 << 10,
                        .large_body_bytes = 500,
                        .body_file_bytes = 32 << 10,
                        .steady_now = hurried_now};
  Workload workload_{1, 2000};
  broker::CommitNumber committed_ = 0;
  std::string fatal_;
};

/// Of the writes of a life: each of the first, and some later ones.
std::vector<int> some_writes() {
  std::vector<int> writes;
  for (int n = 1; n < 500; n += n < 60 ? 1 : 11) writes.push_back(n);
  return writes;
}

TEST(SystemCalls, WritesThatAreInterruptedAndCutShortAreGoneOnWith) {
  for (const int number : {1, 2}) {
    Life life(number, [](SystemCalls& calls) { calls.write_in_pieces(); });
    life.expect_unharmed();
  }
}

TEST(SystemCalls, NoSpaceAtAnyWriteIsWaitedFor) {
  for (const int n : some_writes()) {
    SCOPED_TRACE(n);
    Life life(n, [n](SystemCalls& calls) { calls.fail_write_at(n, ENOSPC); });
    life.expect_unharmed();
  }
}

TEST(SystemCalls, AQuotaAtAnyWriteIsLikeADiskThatIsFull) {
  for (const int n : some_writes()) {
    SCOPED_TRACE(n);
    Life life(n, [n](SystemCalls& calls) { calls.fail_write_at(n, EDQUOT); });
    life.expect_unharmed();
  }
}

TEST(SystemCalls, AFileSystemThatBecomesReadOnlyAtAnyWriteIsTheEnd) {
  for (const int n : some_writes()) {
    SCOPED_TRACE(n);
    Life life(n, [n](SystemCalls& calls) { calls.fail_writes_from(n, EROFS); });
    life.expect_ended();
  }
}

}  // namespace
}  // namespace leveret::store::test
