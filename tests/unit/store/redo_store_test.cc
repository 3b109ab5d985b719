#include <gtest/gtest.h>

#include <filesystem>

#include "fault_vfs.h"
#include "harness.h"
#include "store/sqlite.h"
#include "store/store.h"

namespace leveret::store::test {
namespace {

constexpr QueueId jobs{1};
constexpr QueueId mails{2};

class RedoStore : public ::testing::Test {
 protected:
  RedoStore() {
    store->put_queue({jobs, "jobs", false, {}});
    EXPECT_TRUE(store.commit());
  }
  ~RedoStore() override {
    store.close();
    EXPECT_EQ(inconsistencies(file), std::vector<std::string>{});
  }
  RedoStore(const RedoStore&) = delete;
  RedoStore& operator=(const RedoStore&) = delete;

  void append(broker::Seq seq, const std::string& body = "job") {
    store->append(jobs, seq, message(body), 0);
    EXPECT_TRUE(store.commit());
  }
  std::string stored() const { return query(file, "SELECT count(*) FROM entry").at(0); }
  /// The store as a crash at this moment would leave it.
  StoreOptions crashed(const TempDir& where) const {
    for (const char* end : {"", "-wal", "-redo"})
      if (std::filesystem::exists(file + end))
        std::filesystem::copy(file + end, where.file("x.db") + end);
    return {.file = where.file("x.db"), .redo_bytes = 64 << 10};
  }

  TempDir dir;
  std::string file = dir.file("x.db");
  TestStore store{{.file = file, .redo_bytes = 64 << 10}};
};

TEST_F(RedoStore, WhatIsCommittedIsThereAfterACrashThoughItIsNotInTheFile) {
  for (broker::Seq seq = 1; seq <= 5; ++seq) append(seq);
  store->remove(jobs, 2, 0, 3);
  store->set_delivery_count(jobs, 3, 4);
  store->mark_delivered(jobs, 3);
  ASSERT_TRUE(store.commit());
  EXPECT_EQ(stored(), "0");
  const TempDir where;
  TestStore again(crashed(where));
  const broker::RecoveredQueue queue = again.recovered().queues.at(0);
  EXPECT_EQ(queue.message_count, 4U);
  EXPECT_EQ(queue.body_bytes, 12U);
  EXPECT_EQ(queue.last_seq, 5U);
  EXPECT_EQ(queue.delivered_mark, 3U);
  EXPECT_FALSE(again.recovered().was_closed);
  const auto messages = again.read(jobs);
  ASSERT_EQ(messages.size(), 4U);
  EXPECT_EQ(messages[1].seq, 3U);
  EXPECT_EQ(messages[1].delivery_count, 4U);
}

TEST_F(RedoStore, OfWhatIsSettledThereNearlyNothingReachesTheFile) {
  for (broker::Seq seq = 1; seq <= 100; ++seq) {
    append(seq, std::string(1000, 'j'));
    store->remove(jobs, seq, 0, 1000);
    ASSERT_TRUE(store.commit());
  }
  // What it holds when it is full: each time one at most, of the 200 turns in 16 places.
  EXPECT_LE(std::stoi(query(file, "SELECT max(id) FROM message").at(0)), 13);
  store.reopen();
  EXPECT_EQ(store.recovered().queues.at(0).last_seq, 100U);
}

TEST_F(RedoStore, AFullOneIsAppliedAndBegunAgain) {
  for (broker::Seq seq = 1; seq <= 100; ++seq) append(seq);
  EXPECT_GE(std::stoi(stored()), 80);
  EXPECT_EQ(store.read(jobs).size(), 100U);
}

TEST_F(RedoStore, AReadSeesWhatIsThere) {
  append(1);
  EXPECT_EQ(stored(), "0");
  EXPECT_EQ(store.read(jobs).size(), 1U);
  append(2);
  EXPECT_EQ(stored(), "1");
  bool is_done = false;
  store->read_expired(jobs, 1, 9, 0, 10, [&](const broker::ExpiredMessages&) { is_done = true; });
  store->flush(broker::Urgency::now);
  ASSERT_TRUE(store.run_until([&] { return is_done; }));
  EXPECT_EQ(stored(), "2");
}

TEST_F(RedoStore, TopologyGoesToTheFileWithAllThatWasBefore) {
  append(1);
  store->drop_queue(jobs, "jobs");
  store->put_queue({mails, "mails", false, {}});
  ASSERT_TRUE(store.commit());
  const TempDir where;
  const TestStore again(crashed(where));
  ASSERT_EQ(again.recovered().queues.size(), 1U);
  EXPECT_EQ(again.recovered().queues.at(0).record.name, "mails");
}

TEST_F(RedoStore, ClosingLeavesNothingToApply) {
  append(1);
  store.close();
  EXPECT_EQ(stored(), "1");
  std::filesystem::remove(file + "-redo");
  store.reopen();
  EXPECT_TRUE(store.recovered().was_closed);
  EXPECT_EQ(store.read(jobs).size(), 1U);
}

TEST_F(RedoStore, OneThatStandsBesideANewStoreIsNotItsOwn) {
  append(1);
  const TempDir where;
  const StoreOptions options = crashed(where);
  std::filesystem::remove(options.file);
  std::filesystem::remove(options.file + "-wal");
  testing::internal::CaptureStdout();
  TestStore other(options);
  EXPECT_EQ(other.recovered().queues.size(), 0U);
  EXPECT_EQ(testing::internal::GetCapturedStdout(), "");
}

TEST_F(RedoStore, TurnsOfQueuesThatAreMissingAreLeftOutAndToldOf) {
  append(1);
  const TempDir where;
  const StoreOptions options = crashed(where);
  std::filesystem::remove(options.file + "-wal");
  {  // With another queue, as if that log had lost the first one.
    std::filesystem::remove(options.file);
    std::filesystem::rename(options.file + "-redo", where.file("kept"));
    TestStore other({.file = options.file});
    other->put_queue({mails, "mails", false, {}});
    EXPECT_TRUE(other.commit());
  }
  std::filesystem::rename(where.file("kept"), options.file + "-redo");
  testing::internal::CaptureStdout();
  const TestStore again(options);
  EXPECT_EQ(again.recovered().queues.size(), 1U);
  EXPECT_NE(testing::internal::GetCapturedStdout().find("1 changes of queues that are not there"),
            std::string::npos);
}

TEST_F(RedoStore, AStartWithoutRoomForItSaysSoAndLosesNothing) {
  for (broker::Seq seq = 1; seq <= 10; ++seq) append(seq, std::string(5000, 'j'));
  const TempDir where;
  StoreOptions options = crashed(where);
  FaultDisk disk;
  options.vfs = disk.vfs_name();
  disk.set_capacity(1);
  try {
    TestStore again(options);
    FAIL() << "opened";
  } catch (const StoreError& error) {
    EXPECT_TRUE(error.is_disk_full());
    EXPECT_NE(std::string{error.what()}.find("make room for some megabytes"), std::string::npos)
        << error.what();
  }
  disk.set_capacity(0);
  TestStore again(options);
  EXPECT_EQ(again.read(jobs).size(), 10U);
}

TEST_F(RedoStore, RemovedUnderneathItIsMissedByTheNextCommitAndLosesNothing) {
  append(1);
  std::filesystem::remove(file + "-redo");
  store->append(jobs, 2, message("job"), 0);
  EXPECT_FALSE(store.commit());
  EXPECT_TRUE(store.fatal_text().starts_with(file + "-redo was removed or replaced"))
      << store.fatal_text();
  EXPECT_NE(store.fatal_text().find("Nothing is lost"), std::string::npos);
  store.reopen();
  EXPECT_EQ(store.read(jobs).size(), 2U);
}

TEST_F(RedoStore, MovedAwayAndBackItIsKnownToBeInTheFile) {
  append(1);
  std::filesystem::rename(file + "-redo", dir.file("away"));
  broker::Seq seq = 1;
  do store->append(jobs, ++seq, message("job"), 0);
  while (store.commit());
  store.close();
  std::filesystem::rename(dir.file("away"), file + "-redo");
  store.reopen();
  EXPECT_EQ(store.read(jobs).size(), seq);
}

TEST(RedoStoreWithoutItsFile, SaysThatThisIsLost) {
  const TempDir dir;
  const std::string file = dir.file("x.db");
  TestStore store({.file = file, .redo_bytes = 64 << 10});
  store->put_queue({jobs, "jobs", false, {}});
  ASSERT_TRUE(store.commit());
  store->append(jobs, 1, message("job"), 0);
  ASSERT_TRUE(store.commit());
  std::filesystem::remove(file + "-redo");
  std::filesystem::remove(file);
  store->append(jobs, 2, message("job"), 0);
  EXPECT_FALSE(store.commit());
  EXPECT_TRUE(store.fatal_text().starts_with(file + " was removed or replaced"))
      << store.fatal_text();
}

TEST_F(RedoStore, WhatComesToItGoesToTheFileWithinASecondOrSo) {
  append(1);
  EXPECT_TRUE(store.run_until([&] { return stored() == "1"; }));
}

TEST_F(RedoStore, WithoutItWhatAnotherTimeHasLeftIsAppliedAndTheFileGoes) {
  append(1);
  const TempDir where;
  StoreOptions options = crashed(where);
  options.redo_bytes = 0;
  TestStore again(options);
  EXPECT_EQ(again.read(jobs).size(), 1U);
  EXPECT_FALSE(std::filesystem::exists(options.file + "-redo"));
}

TEST(RedoStoreWithoutRoom, WhatIsInTheLogIsReadAllTheSame) {
  const TempDir dir;
  FaultDisk disk;
  TestStore store({.file = dir.file("x.db"),
                   .page_bytes = 4096,
                   .redo_bytes = 64 << 10,
                   .large_body_bytes = 2 << 20,
                   .vfs = disk.vfs_name()});
  store->put_queue({jobs, "jobs", false, {}});
  for (broker::Seq seq = 1; seq <= 50; ++seq)
    store->append(jobs, seq, message(std::string(5000, 'j')), 0);
  ASSERT_TRUE(store.commit());
  store->append(jobs, 51, message("small"), 0);
  ASSERT_TRUE(store.commit());
  // A turn that cannot fit, and is held.
  disk.set_capacity(disk.used_bytes() + 100'000);
  store->append(jobs, 52, message(std::string(1 << 20, 'L')), 0);
  const auto held = store->current_commit();
  store->flush(broker::Urgency::now);
  store.wait_disk_full(true);
  std::size_t count = 0;
  store->read(jobs, 1, 100, 1000, 1 << 30, 0,
              [&](const std::vector<broker::StoredMessage>& messages) { count = messages.size(); });
  ASSERT_TRUE(store.run_until([&] { return count > 0; }));
  EXPECT_EQ(count, 51U);
  EXPECT_LT(store.last_committed(), held);
  disk.set_capacity(0);
  EXPECT_TRUE(store.wait_committed(held));
}

}  // namespace
}  // namespace leveret::store::test
