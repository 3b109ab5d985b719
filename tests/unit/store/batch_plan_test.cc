#include "store/batch_plan.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>

#include "harness.h"

namespace leveret::store {
namespace {

constexpr QueueId jobs{1};
constexpr QueueId dead{2};

Op op(Op::Kind kind, QueueId queue, broker::Seq seq, broker::Seq last = 0) {
  Op made;
  made.kind = kind;
  made.queue = queue;
  made.seq = seq;
  made.last_seq = last;
  return made;
}
Op append(QueueId queue, broker::Seq seq) {
  return op(Op::Kind::append, queue, seq);
}
Op remove(QueueId queue, broker::Seq seq) {
  return op(Op::Kind::remove, queue, seq);
}
Op topology(TopologyOp what) {
  Op made;
  made.topology = std::make_unique<TopologyOp>(std::move(what));
  return made;
}

std::vector<broker::Seq> appended(const BatchPlan& plan, QueueId queue) {
  std::vector<broker::Seq> seqs;
  for (const PlannedAppend& append : plan.appends)
    if (append.op->queue == queue && !append.is_cancelled) seqs.push_back(append.op->seq);
  return seqs;
}

/// Both queues stored, with messages up to seq 10.
const QueueStates stored{{jobs, {.slot = 1, .last_seq = 10}}, {dead, {.slot = 2, .last_seq = 10}}};

template <class... Ops>
std::vector<Op> list(Ops... ops) {
  std::vector<Op> made;
  (made.push_back(std::move(ops)), ...);
  return made;
}

using Seqs = std::vector<broker::Seq>;
using Ranges = std::vector<SeqRange>;

TEST(BatchPlan, WhatIsAppendedAndRemovedInOneBatchIsNeitherWrittenNorDeleted) {
  const auto ops = list(append(jobs, 11), append(jobs, 12), append(jobs, 13), remove(jobs, 12));
  const BatchPlan plan = plan_batch(ops, stored);
  EXPECT_EQ(appended(plan, jobs), (Seqs{11, 13}));
  EXPECT_TRUE(plan.queues.at(jobs).removals.empty());
  EXPECT_EQ(plan.queues.at(jobs).last_seq, 13U);
}

TEST(BatchPlan, RemovalsJoinToRangesWhateverTheirOrder) {
  const auto ops = list(remove(jobs, 5), remove(jobs, 3), remove(jobs, 4), remove(jobs, 8));
  EXPECT_EQ(plan_batch(ops, stored).queues.at(jobs).removals, (Ranges{{3, 5}, {8, 8}}));
}

TEST(BatchPlan, ARangeReachesTheStoreAndThisBatchButNotWhatComesLater) {
  const auto ops = list(append(jobs, 11), op(Op::Kind::remove_range, jobs, 4, ~broker::Seq{0}),
                        append(jobs, 12));
  const BatchPlan plan = plan_batch(ops, stored);
  EXPECT_EQ(plan.queues.at(jobs).removals, (Ranges{{4, 10}}));
  EXPECT_EQ(appended(plan, jobs), (Seqs{12}));
}

TEST(BatchPlan, DroppingAQueueCancelsAllOfItAndNothingElse) {
  const auto ops =
      list(append(jobs, 11), append(dead, 11), remove(jobs, 1), topology(DropQueue{jobs, "jobs"}));
  const BatchPlan plan = plan_batch(ops, stored);
  EXPECT_EQ(appended(plan, jobs), Seqs{});
  EXPECT_EQ(appended(plan, dead), (Seqs{11}));
  EXPECT_TRUE(plan.queues.at(jobs).is_dropped);
  EXPECT_TRUE(plan.queues.at(jobs).removals.empty());
}

TEST(BatchPlan, ADeliveryCountGoesWithTheAppendOrToTheStore) {
  auto ops = list(append(jobs, 11), op(Op::Kind::delivery_count, jobs, 11),
                  op(Op::Kind::delivery_count, jobs, 7));
  ops[1].delivery_count = 3;
  ops[2].delivery_count = 4;
  const BatchPlan plan = plan_batch(ops, stored);
  EXPECT_EQ(plan.appends.at(0).delivery_count, 3U);
  ASSERT_EQ(plan.queues.at(jobs).delivery_counts.size(), 1U);
  EXPECT_EQ(plan.queues.at(jobs).delivery_counts[0].seq, 7U);
}

TEST(BatchPlan, TwoBatchesAreFoldedAsOne) {
  const auto first = list(append(jobs, 11), append(jobs, 12));
  const auto second = list(remove(jobs, 11), append(jobs, 13));
  const BatchPlan plan = plan_batches(first, second, stored);
  ASSERT_EQ(plan.appends.size(), 3U);
  EXPECT_TRUE(plan.appends[0].is_cancelled);
  EXPECT_FALSE(plan.appends[1].is_cancelled);
  EXPECT_EQ(plan.queues.at(jobs).last_seq, 13U);
}

TEST(BatchPlan, TheHighestDeliveredMarkCounts) {
  const auto ops = list(op(Op::Kind::mark, jobs, 9), op(Op::Kind::mark, jobs, 4));
  EXPECT_EQ(plan_batch(ops, stored).queues.at(jobs).delivered_mark, 9U);
}

TEST(BatchPlan, RefusesWhatTheCoreMustNotDo) {
  EXPECT_THROW(plan_batch(list(append(jobs, 10)), stored), std::logic_error);
  EXPECT_THROW(plan_batch(list(append(jobs, 11), append(jobs, 11)), stored), std::logic_error);
  EXPECT_THROW(plan_batch(list(append(QueueId{9}, 1)), stored), std::logic_error);
  EXPECT_THROW(plan_batch(list(append(jobs, seq_max + 1)), stored), std::logic_error);
  EXPECT_THROW(plan_batch(list(topology(DropQueue{jobs, "jobs"}), append(jobs, 11)), stored),
               std::logic_error);
}

TEST(BatchPlan, OfTheFirstTurnsWhatLaterOnesTakeBackIsLeftOut) {
  Batch batch;
  const auto turn = [&](std::vector<Op> ops, bool only_removes) {
    batch.turns.push_back({.ops_begin = batch.ops.size(),
                           .ops_end = batch.ops.size() + ops.size(),
                           .only_removes = only_removes});
    std::ranges::move(ops, std::back_inserter(batch.ops));
  };
  turn(list(append(jobs, 11), append(jobs, 12), append(dead, 11)), false);
  turn(list(append(jobs, 13), append(jobs, 14)), false);
  turn(list(append(jobs, 15)), false);
  turn(list(remove(jobs, 12), op(Op::Kind::mark, jobs, 12)), true);
  turn(list(remove(jobs, 3), remove(jobs, 11)), true);
  turn(list(op(Op::Kind::remove_range, jobs, 14, 15)), true);
  turn(list(remove(jobs, 13), append(dead, 12)), false);
  const BatchPlan plan = plan_front({}, batch, 2, stored);
  EXPECT_EQ(appended(plan, jobs), (Seqs{11, 13, 14})) << "a turn is done whole or not at all";
  EXPECT_EQ(appended(plan, dead), (Seqs{11}));
  EXPECT_TRUE(plan.queues.at(jobs).removals.empty()) << "what is stored has time";
  EXPECT_EQ(plan.queues.at(jobs).last_seq, 14U);

  EXPECT_EQ(batch.turns_that_append(1, 0), 1U);
  EXPECT_EQ(batch.turns_that_append(4, 0), 2U);
  EXPECT_EQ(batch.turns_that_append(5, 0), 2U);
  EXPECT_EQ(batch.turns_that_append(6, 0), 3U);
  EXPECT_EQ(batch.turns_that_append(7, 0), 7U);
  EXPECT_EQ(batch.turns_that_append(100, 0), 7U);
  for (Turn& each : batch.turns) batch.bytes += each.bytes = 10;
  EXPECT_EQ(batch.turns_that_append(1, 20), 2U);
  EXPECT_EQ(batch.turns_that_append(6, 20), 3U);
  EXPECT_EQ(batch.turns_that_append(1, 71), 7U);
}

TEST(BatchPlan, OnAFullDiskOnlyTheseTurnsAreTaken) {
  Batch batch;
  batch.ops = list(append(jobs, 11), remove(jobs, 1), remove(jobs, 2), remove(jobs, 11),
                   remove(QueueId{9}, 1));
  batch.turns = {{1, 0, 2, false}, {2, 2, 5, true}};
  Turn* const removing[] = {&batch.turns[1]};
  const BatchPlan plan = plan_removals(batch, removing, stored);
  EXPECT_TRUE(plan.appends.empty());
  EXPECT_EQ(plan.queues.size(), 1U);
  EXPECT_EQ(plan.queues.at(jobs).removals, (Ranges{{2, 2}}));
}

}  // namespace
}  // namespace leveret::store
