#include <gtest/gtest.h>

#include "fault_vfs.h"
#include "harness.h"
#include "store/sqlite.h"
#include "workload.h"

namespace leveret::store::test {
namespace {

struct FailedRun {
  bool has_failed = false;
  std::string fatal;
};

/// One write or sync fails with EIO. The harness itself checks that no commit is reported after the
/// store has said that it failed; here, that what was reported before is there at the next start.
FailedRun run_with_failure(const std::function<void(FaultDisk&)>& plan, std::uint64_t seed) {
  const TempDir dir;
  FaultDisk disk;
  const StoreOptions options{.file = dir.file("x.db"),
                             .page_bytes = 4096,
                             .wal_bytes = 128 << 10,
                             .redo_bytes = seed % 2 == 0 ? 64 << 10 : 0,
                             .large_body_bytes = seed / 2 % 2 == 0 ? 500 : 1 << 20,
                             .body_file_bytes = 32 << 10,
                             .vfs = disk.vfs_name()};
  Workload workload(seed, 2000);
  FailedRun result;
  broker::CommitNumber committed = 0;
  {
    TestStore store(options);
    plan(disk);
    for (int turn = 0; turn < 150 && store.fatal_text().empty(); ++turn) {
      workload.turn(*store);
      store.wait_committed(store->current_commit() - 1);
    }
    // The checkpointer may meet the failure at any time, also between these: what counts is whether
    // it had by the first look, or else whether something was told of it.
    const bool had_failed = disk.has_failed();
    if (had_failed) store.wait_fatal();
    committed = store.last_committed();
    result.fatal = store.fatal_text();
    result.has_failed = had_failed || (!result.fatal.empty() && disk.has_failed());
    // What a failed store leaves unwritten stays so: a power cut now changes nothing.
    if (result.has_failed) disk.cut_power();
  }
  disk.restart(seed);
  TestStore store(options);
  const Model found = read_all(store);
  const std::size_t turn = workload.turn_of(found);
  EXPECT_GE(turn, committed);
  EXPECT_LE(turn, workload.turns());
  EXPECT_TRUE(found == workload.after(turn)) << describe(found);
  return result;
}

TEST(FailedIo, AFailedSyncIsFinalAndNothingIsReportedAfterIt) {
  int failed = 0;
  for (std::uint64_t n = 1; n <= 250; ++n) {
    const FailedRun run = run_with_failure([&](FaultDisk& disk) { disk.fail_sync_at(n); }, n);
    EXPECT_EQ(run.has_failed, !run.fatal.empty()) << n;
    failed += run.has_failed ? 1 : 0;
  }
  EXPECT_GT(failed, 150);
}

TEST(FailedIo, AFailedWriteIsFinalAndNothingIsReportedAfterIt) {
  int failed = 0;
  for (std::uint64_t n = 1; n <= 500; ++n) {
    const FailedRun run = run_with_failure([&](FaultDisk& disk) { disk.fail_write_at(n); }, n);
    EXPECT_EQ(run.has_failed, !run.fatal.empty()) << n;
    if (run.has_failed) {
      EXPECT_NE(run.fatal.find("x.db"), std::string::npos) << run.fatal;
      ++failed;
    }
  }
  EXPECT_GT(failed, 300);
}

TEST(FailedIo, AFailedStoreWritesNothingMoreNotEvenWhenClosed) {
  const TempDir dir;
  FaultDisk disk;
  TestStore store({.file = dir.file("x.db"), .vfs = disk.vfs_name()});
  store->put_queue({QueueId{1}, "jobs", false, {}});
  ASSERT_TRUE(store.commit());
  disk.fail_sync_at(1);
  store->append(QueueId{1}, 1, message("a"), 0);
  EXPECT_FALSE(store.commit());
  const std::uint64_t operations = disk.operations();
  store->append(QueueId{1}, 2, message("b"), 0);
  store->flush(broker::Urgency::now);
  store.close();
  EXPECT_EQ(disk.operations(), operations);
}

}  // namespace
}  // namespace leveret::store::test
