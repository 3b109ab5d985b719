// What becomes of turns on their way to the disk: gathered, settled before they are written,
// committed, read before they are.

#include <gtest/gtest.h>

#include "store/store.h"
#include "store_fixture.h"

namespace leveret::store::test {
namespace {

TEST_F(StoreTest, ADeliveryThatIsKnownIsWrittenWithTheNextMessage) {
  store->mark_delivered(jobs, 3);
  ASSERT_TRUE(store.commit());
  append(jobs, 4, "1");
  ASSERT_TRUE(store.commit());
  expect_after_crash({.message_count = 1, .body_bytes = 1, .last_seq = 4, .delivered_mark = 3});
}

TEST_F(StoreTest, TheHighestSeqIsKnownThoughItsMessageNeverReachedTheDisk) {
  append(jobs, 1, "a");
  store->remove(jobs, 1, 0, 1);
  ASSERT_TRUE(store.commit());
  store.reopen();
  EXPECT_EQ(recovered(jobs).last_seq, 1U);
  EXPECT_EQ(recovered(jobs).message_count, 0U);
  EXPECT_EQ(query(file, "SELECT count(*) FROM message"), (Bodies{"0"}));
}

TEST_F(StoreTest, WhatIsSettledWhileItGathersIsReportedWithoutBeingWritten) {
  const auto wal_bytes = [&] { return std::filesystem::file_size(file + "-wal"); };
  const auto before = wal_bytes();
  append(jobs, 1, "a");
  EXPECT_TRUE(store->flush(broker::Urgency::soon));
  append(jobs, 2, "b");
  EXPECT_TRUE(store->flush(broker::Urgency::soon));
  store->remove_range(jobs, 1, 2);
  EXPECT_TRUE(store->flush(broker::Urgency::soon));
  const broker::CommitNumber settled = store->current_commit() - 1;
  EXPECT_FALSE(store->flush(broker::Urgency::due));
  ASSERT_TRUE(store.wait_committed(settled));
  EXPECT_EQ(wal_bytes(), before);
}

TEST_F(StoreTest, RemovalsInOrderTakeTheRoomOfOne) {
  const auto room_of = [&](const std::vector<broker::Seq>& seqs) {
    const std::size_t before = store->pending_bytes();
    for (const broker::Seq seq : seqs) store->remove(jobs, seq, 0, 1);
    return store->pending_bytes() - before;
  };
  for (broker::Seq seq = 1; seq <= 12; ++seq) append(jobs, seq, std::to_string(seq));
  ASSERT_TRUE(store.commit());
  const std::size_t one = room_of({1});
  EXPECT_EQ(room_of({2, 3, 4}), 0U);
  EXPECT_EQ(room_of({6}), one) << "not in order";
  EXPECT_EQ(room_of({5}), one) << "not in order";
  store->flush(broker::Urgency::soon);
  EXPECT_EQ(room_of({6 + 1, 8}), one) << "of another turn";
  store->remove(dead, 8, 0, 1);
  EXPECT_EQ(room_of({9}), one) << "of another queue before";
  ASSERT_TRUE(store.commit());
  store.reopen();
  EXPECT_EQ(query(file, "SELECT count(*) FROM entry"), (Bodies{"3"}));
  EXPECT_EQ(recovered(jobs).message_count, 3U);
}

TEST_F(StoreTest, WhatCameAfterTheLastAcknowledgementGathersOn) {
  append(jobs, 1, "settled");
  store->flush(broker::Urgency::soon);
  store->remove(jobs, 1, 0, 7);
  store->flush(broker::Urgency::soon);
  append(jobs, 2, "fresh");
  EXPECT_TRUE(store->flush(broker::Urgency::due));
  ASSERT_TRUE(store.wait_committed(store->current_commit() - 2));
  EXPECT_EQ(query(file, "SELECT count(*) FROM entry"), (Bodies{"0"}));
  EXPECT_FALSE(store->flush(broker::Urgency::due));  // Nothing settles it: now it is written.
  ASSERT_TRUE(store.wait_committed(store->current_commit() - 1));
  EXPECT_EQ(query(file, "SELECT count(*) FROM entry"), (Bodies{"1"}));
}

TEST_F(StoreTest, AReadDoesNotWaitForWhatGathers) {
  append(jobs, 1, "a");
  store->flush(broker::Urgency::soon);
  std::vector<broker::StoredMessage> found;
  store->read(jobs, 1, 9, 10, 1000, store->current_commit() - 1,
              [&](auto messages) { found = std::move(messages); });
  EXPECT_FALSE(store->flush(broker::Urgency::soon));
  ASSERT_TRUE(store.run_until([&] { return !found.empty(); }));
}

TEST_F(StoreTest, CloseWritesWhatGathers) {
  append(jobs, 1, "a");
  store->flush(broker::Urgency::soon);
  store.reopen();
  EXPECT_EQ(recovered(jobs).message_count, 1U);
}

TEST_F(StoreTest, AReadSeesWhatWasRecordedBeforeItAndKeepsItsLimits) {
  for (broker::Seq seq = 1; seq <= 100; ++seq) {
    append(jobs, seq, std::string(1000, 'x'));
    if (seq % 10 == 0) store->flush(broker::Urgency::now);
    EXPECT_EQ(store.read(jobs, seq, seq).size(), 1U);
  }
  EXPECT_EQ(store.read(jobs, 11, 20).front().seq, 11U);
  EXPECT_EQ(store.read(jobs, 11, 20).size(), 10U);
  EXPECT_EQ(store.read(jobs, 1, 100, 7).size(), 7U);
  EXPECT_EQ(store.read(jobs, 1, 100, 100, 5000).size(), 4U);
  EXPECT_EQ(store.read(jobs, 1, 100, 100, 1).size(), 1U);
  EXPECT_EQ(store.read(jobs, 101, 200).size(), 0U);
  EXPECT_EQ(store.read(QueueId{9}).size(), 0U);
}

TEST_F(StoreTest, ReadsComeBackInTheOrderTheyWereAskedFor) {
  std::vector<int> order;
  for (int i = 0; i < 20; ++i) {
    append(jobs, static_cast<broker::Seq>(i + 1), "x");
    store->read(jobs, 1, 100, 100, 1'000'000, store->current_commit(),
                [&order, i](const auto& messages) {
                  EXPECT_GE(messages.size(), static_cast<std::size_t>(i + 1));
                  order.push_back(i);
                });
    store->flush(broker::Urgency::now);
  }
  store.run_until([&] { return order.size() == 20; });
  EXPECT_TRUE(std::is_sorted(order.begin(), order.end()));
}

TEST_F(StoreTest, NumbersTurnsAndReportsThemCommitted) {
  const auto before = store->current_commit();
  store->flush(broker::Urgency::now);
  EXPECT_EQ(store->current_commit(), before) << "nothing was recorded";
  append(jobs, 1, "a");
  EXPECT_EQ(store->current_commit(), before);
  EXPECT_GT(store->pending_bytes(), 0U);
  store->flush(broker::Urgency::now);
  EXPECT_EQ(store->current_commit(), before + 1);
  EXPECT_TRUE(store.wait_committed(before));
  EXPECT_EQ(store->pending_bytes(), 0U);
}

TEST_F(StoreTest, ClosingCommitsWhatWasFlushedAndLeavesOneFile) {
  append(jobs, 1, "a");
  store->flush(broker::Urgency::now);
  store.close();
  EXPECT_FALSE(std::filesystem::exists(file + "-wal") &&
               std::filesystem::file_size(file + "-wal") > 0);
  EXPECT_EQ(query(file, "SELECT body FROM message"), (Bodies{"a"}));
  store.reopen();
}

TEST_F(StoreTest, CountsWhatWasWrittenAndWhatWasSettledBefore) {
  append(jobs, 1, "stays");
  append(jobs, 2, "goes");
  store->remove(jobs, 2, 0, 4);
  ASSERT_TRUE(store.commit());
  const broker::JournalStats stats = store->stats();
  EXPECT_EQ(stats.commits, 2U);
  EXPECT_EQ(stats.messages_recorded, 2U);
  EXPECT_EQ(stats.messages_settled_unwritten, 1U);
  EXPECT_EQ(stats.batch_messages.sum(), 1.0);
  EXPECT_GT(stats.commit_seconds.sum(), 0.0);
  EXPECT_GE(stats.wait_seconds.sum(), stats.commit_seconds.sum());
  EXPECT_GT(stats.log_bytes, 0U);
}

TEST(StoreInParts, WhatIsSettledWhileOthersAreWrittenNeverIs) {
  const TempDir dir;
  const std::string file = dir.file("x.db");
  TestStore store(
      {.file = file, .transaction_messages = 2, .transaction_bytes = 0, .has_threads = false});
  const auto flush = [&] { store->flush(broker::Urgency::now); };
  store->put_queue({jobs, "jobs", false, {}});
  flush();
  ASSERT_TRUE(store->step(StorePart::writer));
  const broker::CommitNumber before = store->current_commit() - 1;
  for (broker::Seq seq = 1; seq <= 6; ++seq) {
    store->append(jobs, seq, message(std::to_string(seq)), 0);
    flush();
  }
  for (const auto& [first, last] : {std::pair{2, 2}, {3, 4}, {5, 5}}) {
    store->remove_range(jobs, static_cast<broker::Seq>(first), static_cast<broker::Seq>(last));
    flush();
  }
  const auto expect = [&](broker::CommitNumber committed, const Bodies& stored) {
    store.run_until([] { return true; });
    EXPECT_EQ(store.last_committed(), before + committed);
    EXPECT_EQ(query(file, "SELECT CAST(body AS TEXT) FROM message"), stored);
  };
  ASSERT_TRUE(store->step(StorePart::writer));
  expect(2, {"1"});
  ASSERT_TRUE(store->step(StorePart::writer));
  expect(4, {"1"});
  ASSERT_TRUE(store->step(StorePart::writer));
  expect(6, {"1", "6"});
  ASSERT_TRUE(store->step(StorePart::writer));
  expect(9, {"1", "6"});
  EXPECT_EQ(store->stats().messages_settled_unwritten, 4U);
  store.close();
  EXPECT_EQ(inconsistencies(file), std::vector<std::string>{});
}

}  // namespace
}  // namespace leveret::store::test
