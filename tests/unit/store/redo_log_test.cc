#include "store/redo_log.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <random>

#include "amqp/reply_code.h"
#include "fault_vfs.h"
#include "harness.h"
#include "store/redo_record.h"
#include "store/sqlite.h"
#include "store/unapplied.h"

namespace leveret::store::test {
namespace {

constexpr QueueId jobs{1};
constexpr QueueId mails{2};
constexpr std::size_t block = 4096;

Op make_op(Op::Kind kind, QueueId queue, broker::Seq seq) {
  Op op;
  op.kind = kind;
  op.queue = queue;
  op.seq = seq;
  return op;
}

Op make_append(QueueId queue, broker::Seq seq, const broker::MessagePtr& message,
               broker::ContentId content = 0) {
  Op op = make_op(Op::Kind::append, queue, seq);
  op.message = message;
  op.content = content;
  return op;
}

std::string record_of(std::span<const Op> ops) {
  std::string record;
  EXPECT_TRUE(write_ops(ops, {1 << 20, 1 << 20}, record));
  return record;
}

/// One message with that seq: what the logs of these tests hold.
std::string record_of(broker::Seq seq, std::size_t body_bytes = 100) {
  const Op op = make_append(jobs, seq, message(std::string(body_bytes, 'x')));
  return record_of(std::span{&op, 1});
}

// --- records

TEST(RedoRecord, GivesBackEveryKindOfOp) {
  const auto shared = message("shared");
  std::vector<Op> ops;
  ops.push_back(make_append(jobs, 1, message(std::string("\0\xff", 2), "a.b")));
  ops.push_back(make_append(jobs, 2, shared, 7));
  ops.push_back(make_append(mails, 1, shared, 7));
  ops.push_back(make_op(Op::Kind::remove, jobs, 1));
  ops.push_back(make_op(Op::Kind::remove_range, mails, 3));
  ops.back().last_seq = ~broker::Seq{0};
  ops.push_back(make_op(Op::Kind::delivery_count, jobs, 2));
  ops.back().delivery_count = 3;
  ops.push_back(make_op(Op::Kind::mark, jobs, 2));
  const std::vector<Op> read = read_ops(record_of(ops));
  ASSERT_EQ(read.size(), ops.size());
  for (std::size_t i = 0; i < ops.size(); ++i) {
    SCOPED_TRACE(i);
    EXPECT_EQ(read[i].kind, ops[i].kind);
    EXPECT_EQ(read[i].queue, ops[i].queue);
    EXPECT_EQ(read[i].seq, ops[i].seq);
    EXPECT_EQ(read[i].last_seq, ops[i].last_seq);
    EXPECT_EQ(read[i].content, ops[i].content);
    EXPECT_EQ(read[i].delivery_count, ops[i].delivery_count);
    ASSERT_EQ(static_cast<bool>(read[i].message), static_cast<bool>(ops[i].message));
    if (!ops[i].message) continue;
    EXPECT_EQ(read[i].message->exchange(), ops[i].message->exchange());
    EXPECT_EQ(read[i].message->routing_key(), ops[i].message->routing_key());
    EXPECT_EQ(read[i].message->properties(), ops[i].message->properties());
    EXPECT_EQ(read[i].message->body(), ops[i].message->body());
    EXPECT_EQ(read[i].message->published_at(), ops[i].message->published_at());
  }
  EXPECT_EQ(read[1].message.get(), read[2].message.get()) << "one message for several queues";
}

TEST(RedoRecord, RefusesWhatIsNotForIt) {
  std::string record;
  const Op append = make_append(jobs, 1, message(std::string(1000, 'x')));
  const auto can_write = [&record](const Op& op, const RecordLimits& limits) {
    record.clear();
    return write_ops(std::span{&op, 1}, limits, record);
  };
  EXPECT_FALSE(can_write(append, {1000, 1 << 20}));
  EXPECT_FALSE(can_write(append, {1 << 20, 1000}));
  EXPECT_TRUE(can_write(append, {1200, 1001}));
  EXPECT_LE(record.size(), 1200U);
  Op declare;
  declare.topology = std::make_unique<TopologyOp>(DropExchange{"x"});
  EXPECT_FALSE(can_write(declare, {1 << 20, 1 << 20}));
}

TEST(RedoRecord, OneThatIsCutOrChangedIsAnErrorAtMost) {
  std::vector<Op> ops;
  ops.push_back(make_append(jobs, 1, message("a")));
  ops.push_back(make_op(Op::Kind::remove, jobs, 1));
  const std::string record = record_of(ops);
  std::mt19937 random(1);
  for (std::size_t size = 0; size < record.size(); ++size) {
    std::string changed = record.substr(0, size);
    for (int i = 0; i < 8 && size > 0; ++i) {
      try {
        EXPECT_LE(read_ops(changed).size(), 16U);
      } catch (const amqp::Error&) {
      }
      changed[random() % size] = static_cast<char>(random());
    }
  }
}

// --- the file

class RedoLogTest : public ::testing::Test {
 protected:
  RedoLog open(std::int64_t bytes = 16 * block) const {
    return RedoLog({.store_file = file, .bytes = bytes});
  }
  /// The seqs that a start finds.
  std::vector<broker::Seq> found(std::int64_t applied = 0) const {
    RedoLog log = open();
    std::vector<broker::Seq> seqs;
    for (const Op& op : log.recover(applied)) seqs.push_back(op.seq);
    EXPECT_EQ(log.unapplied().has_value(), !seqs.empty());
    return seqs;
  }
  void change(std::size_t at, char bit = 1) const {
    std::string bytes = read_file(path);
    bytes[at] = static_cast<char>(bytes[at] ^ bit);
    write_file(path, bytes);
  }

  TempDir dir;
  std::string file = dir.file("x.db");
  std::string path = dir.file("x.db-redo");
};

using Seqs = std::vector<broker::Seq>;

TEST_F(RedoLogTest, GivesBackWhatWasWrittenSinceItWasAppliedLast) {
  RedoLog log = open();
  EXPECT_TRUE(log.recover(0).empty());
  EXPECT_EQ(log.unapplied(), std::nullopt);
  for (broker::Seq seq = 1; seq <= 3; ++seq) EXPECT_TRUE(log.write(record_of(seq, 3000 * seq)));
  EXPECT_EQ(found(), (Seqs{1, 2, 3}));
  EXPECT_EQ(log.unapplied(), 1);
  EXPECT_EQ(found(1), Seqs{});
  log.applied();
  EXPECT_EQ(log.unapplied(), std::nullopt);
  EXPECT_TRUE(log.write(record_of(4)));
  EXPECT_EQ(found(1), Seqs{4});
  EXPECT_EQ(log.unapplied(), 2);
}

TEST_F(RedoLogTest, GoesOnInTheFileThatIsThere) {
  {
    RedoLog log = open();
    log.recover(0);
    EXPECT_TRUE(log.write(record_of(1)));
  }
  RedoLog log = open();
  EXPECT_EQ(log.recover(0).size(), 1U);
  log.applied();
  EXPECT_TRUE(log.write(record_of(2)));
  EXPECT_EQ(found(1), Seqs{2});
}

TEST_F(RedoLogTest, TakesWhatThereIsRoomForAndHasAlwaysTheSameLength) {
  RedoLog log = open(4 * block);
  log.recover(0);
  for (broker::Seq seq = 1; seq <= 4; ++seq) EXPECT_TRUE(log.write(record_of(seq)));
  EXPECT_FALSE(log.write(record_of(5)));
  EXPECT_EQ(std::filesystem::file_size(path), 4 * block);
  EXPECT_EQ(found(), (Seqs{1, 2, 3, 4}));
  log.applied();
  EXPECT_TRUE(log.write(std::string(log.record_bytes_max(), '\1')));
  EXPECT_EQ(std::filesystem::file_size(path), 4 * block);
}

TEST_F(RedoLogTest, OfNoLengthItTakesNothingButGivesBackWhatIsThere) {
  {
    RedoLog log = open();
    log.recover(0);
    EXPECT_TRUE(log.write(record_of(1)));
  }
  RedoLog log = open(0);
  EXPECT_EQ(log.record_bytes_max(), 0U);
  EXPECT_EQ(log.recover(0).size(), 1U);
  EXPECT_EQ(log.unapplied(), 1);
  log.applied();
  EXPECT_FALSE(log.write(record_of(2)));
}

TEST_F(RedoLogTest, AChangedBitEndsItWithTheRecordsBeforeAndIsToldOf) {
  RedoLog log = open();
  log.recover(0);
  for (broker::Seq seq = 1; seq <= 4; ++seq) EXPECT_TRUE(log.write(record_of(seq)));
  const std::size_t size = 32 + record_of(1).size();
  for (std::size_t at = 0; at < 4 * block; ++at) {
    if (at % block >= size) continue;
    SCOPED_TRACE(at);
    change(at);
    testing::internal::CaptureStdout();
    EXPECT_EQ(found().size(), at / block);
    const std::string said = testing::internal::GetCapturedStdout();
    const std::size_t lost = 3 - at / block;
    EXPECT_EQ(said.find("damaged: " + std::to_string(lost) + " records") != std::string::npos,
              lost > 0)
        << said;
    change(at);
  }
  EXPECT_EQ(found().size(), 4U);
}

TEST_F(RedoLogTest, WhatAnEarlierTimeHasLeftBehindIsNoPartOfIt) {
  RedoLog log = open();
  log.recover(0);
  for (broker::Seq seq = 1; seq <= 4; ++seq) EXPECT_TRUE(log.write(record_of(seq)));
  log.applied();
  EXPECT_TRUE(log.write(record_of(5)));
  testing::internal::CaptureStdout();
  EXPECT_EQ(found(1), Seqs{5});
  change(10);  // The first has been torn: nothing was confirmed by it.
  EXPECT_EQ(found(1), Seqs{});
  EXPECT_EQ(testing::internal::GetCapturedStdout(), "");
}

/// Long records leave bytes of messages at the beginnings of blocks, where the next generation
/// looks for its records: they must not be taken for one, whatever they are.
TEST_F(RedoLogTest, AMessageThatLooksLikeARecordIsNone) {
  RedoLog log = open();
  log.recover(0);
  EXPECT_TRUE(log.write(record_of(1)));
  EXPECT_TRUE(log.write(record_of(2)));
  const std::string forged = read_file(path).substr(block, block);
  log.applied();
  const Op op = make_append(jobs, 1, message(std::string(2 * block, '.')));
  std::string record = record_of(std::span{&op, 1});
  // So that it stands where the second record would.
  record.replace(block - 32, block, forged);
  EXPECT_TRUE(log.write(record));
  log.applied();
  EXPECT_TRUE(log.write(record_of(7)));
  EXPECT_EQ(read_file(path).substr(block, block), forged);
  EXPECT_EQ(found(2), Seqs{7});
}

TEST_F(RedoLogTest, WithoutRoomOnTheDiskItTakesNothingAndLeavesNoFile) {
  FaultDisk disk;
  disk.set_capacity(4 * block);
  RedoLog log({.store_file = file, .vfs = disk.vfs_name(), .bytes = 16 * block});
  log.recover(0);
  EXPECT_FALSE(log.write(record_of(1)));
  EXPECT_FALSE(std::filesystem::exists(path));
  EXPECT_EQ(log.unapplied(), std::nullopt);
  disk.set_capacity(0);
  int declined = 0;
  while (!log.write(record_of(1))) ++declined;
  EXPECT_EQ(declined, 1000) << "the disk is not asked each time";
}

// --- what is not written at all

Batch batch_of(std::vector<Op> ops) {
  Batch batch;
  batch.ops = std::move(ops);
  batch.turns.push_back({.number = 1, .ops_begin = 0, .ops_end = batch.ops.size()});
  return batch;
}

template <class... Ops>
std::vector<Op> list(Ops... ops) {
  std::vector<Op> all;
  (all.push_back(std::move(ops)), ...);
  return all;
}

TEST(Unapplied, KnowsWhatIsSettled) {
  using Kind = Op::Kind;
  const auto append = [](broker::Seq seq) { return make_append(jobs, seq, message("m")); };
  const auto op = [](Kind kind, broker::Seq seq) { return make_op(kind, jobs, seq); };
  Unapplied unapplied;
  QueueStates stored{{jobs, {}}};
  const auto is_settled = [&](std::vector<Op> ops) {
    return unapplied.would_be_settled(batch_of(std::move(ops)), stored);
  };
  EXPECT_TRUE(is_settled(list(append(1), op(Kind::mark, 1), op(Kind::remove, 1))));
  EXPECT_TRUE(is_settled(list(append(1), op(Kind::delivery_count, 1), op(Kind::remove, 1))));
  EXPECT_FALSE(is_settled(list(append(1), op(Kind::mark, 1))));
  EXPECT_FALSE(is_settled(list(op(Kind::remove, 1))));
  EXPECT_FALSE(is_settled(list(append(2), op(Kind::remove, 1))));
  EXPECT_FALSE(is_settled(list(append(1), op(Kind::remove_range, 1))));
  EXPECT_FALSE(is_settled(list(op(Kind::delivery_count, 1))));

  const auto marked = [&] { return list(append(9), op(Kind::mark, 9), op(Kind::remove, 9)); };
  Batch waiting = batch_of(list(append(5)));
  unapplied.take(waiting);
  EXPECT_FALSE(is_settled(marked())) << "message 5 may have been delivered";
  Batch gone = batch_of(list(op(Kind::remove, 5)));
  unapplied.take(gone);
  EXPECT_TRUE(is_settled(marked()));
  stored[jobs].message_count = 1;
  EXPECT_FALSE(is_settled(marked())) << "so may what is stored";

  const auto is_touched = [&](const Op& each) {
    return unapplied.is_touched_by(std::span{&each, 1});
  };
  Batch more = batch_of(list(append(6)));
  unapplied.take(more);
  EXPECT_TRUE(is_touched(op(Kind::remove, 6)));
  EXPECT_FALSE(is_touched(op(Kind::remove, 5))) << "it is gone";
  EXPECT_FALSE(is_touched(make_op(Kind::remove, mails, 6)));
  EXPECT_FALSE(is_touched(op(Kind::mark, 6)));
  Op range = op(Kind::remove_range, 1);
  range.last_seq = 5;
  EXPECT_FALSE(unapplied.is_touched_by(std::span{&range, 1}));
  range.last_seq = ~broker::Seq{0};
  EXPECT_TRUE(unapplied.is_touched_by(std::span{&range, 1}));

  EXPECT_EQ(unapplied.ops().size(), 3U);
  EXPECT_EQ(unapplied.append_count(), 2U);
  unapplied.clear();
  EXPECT_TRUE(unapplied.is_empty());
  EXPECT_TRUE(is_settled(list(append(7), op(Kind::remove, 7))));
}

// --- the store with it

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
