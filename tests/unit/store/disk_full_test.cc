#include <gtest/gtest.h>

#include "fault_vfs.h"
#include "harness.h"
#include "workload.h"

namespace leveret::store::test {
namespace {

constexpr QueueId jobs{1};
constexpr QueueId dead{2};

class DiskFull : public ::testing::Test {
 protected:
  DiskFull() {
    store->put_queue({jobs, "jobs", false, {}});
    store->put_queue({dead, "dead", false, {}});
    for (broker::Seq seq = 1; seq <= 50; ++seq) store->append(jobs, seq, message(body), 0);
    EXPECT_TRUE(store.commit());
    // As on a broker that has run for a while: the file has its size, and the log has been around.
    store.reopen();
    for (broker::Seq mark = 1; mark <= 100; ++mark) {
      store->mark_delivered(jobs, mark);
      EXPECT_TRUE(store.commit());
    }
  }
  ~DiskFull() override {
    store.close();
    disk.settle();
    EXPECT_EQ(inconsistencies(options.file), std::vector<std::string>{});
  }
  DiskFull(const DiskFull&) = delete;
  DiskFull& operator=(const DiskFull&) = delete;

  /// A turn that cannot fit, and is therefore held.
  broker::CommitNumber hold_large_turn(broker::Seq seq) {
    disk.set_capacity(disk.used_bytes() + 20'000);
    store->append(jobs, seq, message(std::string(1 << 20, 'L')), 0);
    const auto number = store->current_commit();
    store->flush(broker::Urgency::now);
    store.wait_disk_full(true);
    return number;
  }
  std::string stored_count() {
    disk.settle();
    return query(options.file, "SELECT count(*) FROM entry").at(0);
  }

  const std::string body = std::string(5000, 'b');
  TempDir dir;
  FaultDisk disk;
  StoreOptions options{
      .file = dir.file("x.db"), .page_bytes = 4096, .wal_bytes = 128 << 10, .vfs = disk.vfs_name()};
  TestStore store{options};
};

TEST_F(DiskFull, IsReportedOnceAndNothingIsCommittedUntilThereIsRoom) {
  const auto before = store.last_committed();
  const auto held = hold_large_turn(51);
  EXPECT_EQ(store.last_committed(), before);
  EXPECT_EQ(store.fatal_text(), "");
  disk.set_capacity(0);
  EXPECT_TRUE(store.wait_committed(held));
  EXPECT_FALSE(store.disk_is_full());
  store.reopen();
  EXPECT_EQ(store.read(jobs).size(), 51U);
}

TEST_F(DiskFull, AcknowledgementsGoOnMeanwhileAndAreStored) {
  const auto held = hold_large_turn(51);
  for (broker::Seq seq = 1; seq <= 40; ++seq) {
    store->remove(jobs, seq, 0, body.size());
    store->flush(broker::Urgency::now);
  }
  store.run_until([&] { return stored_count() == "10"; });
  EXPECT_LT(store.last_committed(), held);
  // A power cut in this state brings back none of the acknowledged, and nothing that was not
  // confirmed.
  store.close();
  disk.restart(1);
  store.reopen();
  EXPECT_EQ(store.recovered().queues.at(0).message_count, 10U);
  EXPECT_EQ(store.read(jobs).at(0).seq, 41U);
}

TEST_F(DiskFull, WhatIsRemovedWhileItWaitsIsNeverWritten) {
  const auto held = hold_large_turn(51);
  store->remove(jobs, 51, 0, 1 << 20);
  store->remove(jobs, 1, 0, body.size());
  const auto removal = store->current_commit();
  store->flush(broker::Urgency::now);
  EXPECT_TRUE(store.wait_committed(removal)) << "the append that had no room was cancelled";
  EXPECT_GE(store.last_committed(), held);
  EXPECT_EQ(store.read(jobs).size(), 49U);
}

TEST_F(DiskFull, WhatIsRemovedWhileItWaitsCancelsAllPartsOfIt) {
  store.close();
  options.file = dir.file("parts.db");
  options.transaction_messages = 1;
  options.transaction_bytes = 0;
  TestStore parts{options};
  parts->put_queue({jobs, "jobs", false, {}});
  parts->append(jobs, 1, message("stored"), 0);
  ASSERT_TRUE(parts.commit());
  disk.set_capacity(disk.used_bytes() + 20'000);
  for (broker::Seq seq = 2; seq <= 4; ++seq) {
    parts->append(jobs, seq, message(std::string(1 << 20, 'L')), 0);
    parts->flush(broker::Urgency::now);
  }
  parts.wait_disk_full(true);
  parts->remove_range(jobs, 1, 2);
  parts->flush(broker::Urgency::now);
  parts->remove_range(jobs, 3, 4);
  EXPECT_TRUE(parts.commit());
  EXPECT_EQ(parts.read(jobs).size(), 0U);
}

TEST_F(DiskFull, AReadThatHasToWaitHoldsUpNoOther) {
  const auto held = hold_large_turn(51);
  bool has_looked = false;
  store->read_expired(jobs, 1, 100, 1, 10,
                      [&](const broker::ExpiredMessages&) { has_looked = true; });
  std::size_t count = 0;
  store->read(jobs, 1, 50, 100, 1 << 20, store.last_committed(),
              [&](const std::vector<broker::StoredMessage>& found) { count = found.size(); });
  store.run_until([&] { return count > 0; });
  EXPECT_EQ(count, 50U);
  EXPECT_FALSE(has_looked) << "it was to see what is held";
  disk.set_capacity(0);
  store.run_until([&] { return has_looked; });
  EXPECT_GE(store.last_committed(), held);
}

TEST_F(DiskFull, AMoveBetweenQueuesStaysWholeWhileItWaits) {
  const auto held = hold_large_turn(51);
  store->append(dead, 1, message(body), 0);
  store->remove(jobs, 1, 0, body.size());
  store->flush(broker::Urgency::now);
  store->remove(jobs, 2, 0, body.size());
  store->flush(broker::Urgency::now);
  store.run_until([&] { return stored_count() == "49"; });
  EXPECT_LT(store.last_committed(), held);
  store.close();
  disk.restart(2);
  store.reopen();
  EXPECT_EQ(store.read(jobs).at(0).seq, 1U);
  EXPECT_EQ(store.read(dead).size(), 0U);
}

TEST(DiskFullModel, AtAnyCapacityEveryTurnIsInTheEndStoredInOrder) {
  for (std::uint64_t seed = 1; seed <= 8; ++seed) {
    const TempDir dir;
    FaultDisk disk;
    const StoreOptions options{.file = dir.file("x.db"),
                               .page_bytes = 4096,
                               .wal_bytes = 128 << 10,
                               .redo_bytes = seed / 2 % 2 == 0 ? 64 << 10 : 0,
                               .large_body_bytes = seed % 2 == 0 ? 500 : 1 << 20,
                               .body_file_bytes = 32 << 10,
                               .vfs = disk.vfs_name()};
    Workload workload(seed);
    {
      TestStore store(options);
      for (int turn = 0; turn < 200; ++turn) {
        if (turn % 20 == 10)
          disk.set_capacity(disk.used_bytes() + static_cast<std::int64_t>(seed) * 3000);
        workload.turn(*store);
        if (turn % 20 == 19) {
          disk.set_capacity(0);
          ASSERT_TRUE(store.wait_committed(store->current_commit() - 1)) << store.fatal_text();
        }
      }
    }
    disk.restart(seed);
    TestStore store(options);
    ASSERT_TRUE(read_all(store) == workload.after(workload.turns())) << "seed " << seed;
  }
}

}  // namespace
}  // namespace leveret::store::test
