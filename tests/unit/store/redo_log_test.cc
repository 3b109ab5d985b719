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
  const auto range = [&](broker::Seq first, broker::Seq last) {
    Op removal = op(Kind::remove_range, first);
    removal.last_seq = last;
    return removal;
  };
  EXPECT_TRUE(is_settled(list(append(1), append(2), append(3), range(1, 3))));
  EXPECT_FALSE(is_settled(list(append(1), append(2), append(4), range(1, 3))));
  EXPECT_FALSE(is_settled(list(append(1), append(2), range(1, 3))));
  EXPECT_FALSE(is_settled(list(append(1), append(2), append(3), range(1, 2))));
  EXPECT_FALSE(is_settled(list(append(1), range(1, ~broker::Seq{0}))));
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
  EXPECT_FALSE(is_touched(range(1, 5)));
  EXPECT_TRUE(is_touched(range(1, ~broker::Seq{0})));

  EXPECT_EQ(unapplied.ops().size(), 3U);
  EXPECT_EQ(unapplied.append_count(), 2U);
  EXPECT_EQ(unapplied.message_count(), 3U);
  Batch removal = batch_of(list(range(10, 19)));
  unapplied.take(removal);
  EXPECT_EQ(unapplied.message_count(), 13U);
  Batch all = batch_of(list(range(20, ~broker::Seq{0}), range(1, ~broker::Seq{0})));
  EXPECT_GT(all.message_count(), 1'000'000U) << "however many it says";
  unapplied.clear();
  EXPECT_TRUE(unapplied.is_empty());
  EXPECT_TRUE(is_settled(list(append(7), op(Kind::remove, 7))));
}

}  // namespace
}  // namespace leveret::store::test
