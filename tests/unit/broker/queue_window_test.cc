#include "broker/queue_window.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>

#include "amqp/properties.h"

namespace leveret::broker {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

Entry entry(Seq seq, Keeper keeper = Keeper::journal, std::size_t body_bytes = 1) {
  Entry made;
  made.seq = seq;
  made.message = Message::make("", "q", std::string(2, '\0'), std::string(body_bytes, 'x'), 0);
  made.keeper = keeper;
  return made;
}

Entry expiring(Seq seq, TimeMs ms) {
  amqp::Properties properties;
  properties.expiration = std::to_string(ms);
  Entry made = entry(seq);
  made.message = Message::make("", "q", amqp::write_properties(properties), "x", 0);
  made.expires_at = ms;
  return made;
}

std::vector<Entry> stored(const std::vector<Seq>& seqs) {
  std::vector<Entry> entries;
  for (const Seq seq : seqs) entries.push_back(entry(seq));
  return entries;
}

/// A window of three messages with stored messages 1 to 6: 1, 2, 3 in memory, 4, 5, 6 behind.
struct Paged : QueueWindow {
  Paged() : QueueWindow{3, 1000} {
    for (Seq seq = 1; seq <= 6; ++seq) push(entry(seq));
  }
};

std::vector<Seq> pop_all(QueueWindow& window) {
  std::vector<Seq> seqs;
  while (window.has_head()) seqs.push_back(window.pop().seq);
  return seqs;
}

std::vector<Seq> in_memory(const QueueWindow& window, Seq after = 0) {
  std::vector<Seq> seqs;
  window.for_each_after(after, [&](const Entry& each) {
    seqs.push_back(each.seq);
    return true;
  });
  return seqs;
}

TEST(QueueWindow, KeepsOrder) {
  QueueWindow window{10, 1000};
  for (Seq seq = 1; seq <= 3; ++seq) window.push(entry(seq, Keeper::memory));
  EXPECT_EQ(window.count(), 3U);
  EXPECT_THAT(pop_all(window), ElementsAre(1, 2, 3));
  EXPECT_EQ(window.count(), 0U);
  EXPECT_EQ(window.bytes(), 0U);
}

TEST(QueueWindow, WhatComesBackGoesToItsPlace) {
  QueueWindow window{10, 1000};
  for (Seq seq = 1; seq <= 4; ++seq) window.push(entry(seq, Keeper::memory));
  Entry first = window.pop();
  Entry second = window.pop();
  window.pop();
  window.put_back(std::move(second));
  window.push(entry(5, Keeper::memory));
  window.put_back(std::move(first));
  EXPECT_THAT(in_memory(window), ElementsAre(1, 2, 4, 5));
  EXPECT_THAT(in_memory(window, 2), ElementsAre(4, 5));
  EXPECT_THAT(pop_all(window), ElementsAre(1, 2, 4, 5));
}

TEST(QueueWindow, StoredMessagesBeyondTheWindowAreOnlyCounted) {
  const Paged window;
  EXPECT_EQ(window.count(), 6U);
  EXPECT_EQ(window.in_memory(), 3U);
  EXPECT_EQ(window.bytes(), 6U);
  EXPECT_EQ(window.tail_first(), 4U);
  EXPECT_EQ(window.tail_last(), 6U);
}

TEST(QueueWindow, BytesLimitTheWindowToo) {
  QueueWindow window{100, 10};
  for (Seq seq = 1; seq <= 5; ++seq) window.push(entry(seq, Keeper::journal, 6));
  EXPECT_EQ(window.in_memory(), 2U);
  EXPECT_EQ(window.bytes(), 30U);
}

TEST(QueueWindow, ReadsBackWhatItCounted) {
  Paged window;
  EXPECT_FALSE(window.wants_block(3));
  window.pop();
  EXPECT_TRUE(window.wants_block(3));
  const auto block = window.begin_block();
  EXPECT_EQ(block.range.first, 4U);
  EXPECT_EQ(block.range.last, 6U);
  EXPECT_FALSE(window.wants_block(3));
  window.end_block(block, stored({4, 5}));
  EXPECT_EQ(window.count(), 5U);
  EXPECT_EQ(window.tail_first(), 6U);
  window.end_block(window.begin_block(), stored({6}));
  EXPECT_FALSE(window.has_tail());
  EXPECT_THAT(pop_all(window), ElementsAre(2, 3, 4, 5, 6));
  EXPECT_EQ(window.bytes(), 0U);
}

TEST(QueueWindow, BothStoresHaveTheirPartOfTheTail) {
  Paged window;
  window.push(entry(7, Keeper::transient_store));
  EXPECT_EQ(window.count(), 7U);
  auto block = window.begin_block();
  EXPECT_TRUE(block.range.journal_after.has_value());
  EXPECT_TRUE(block.range.transients_after.has_value());
  window.end_block(block, stored({4, 5, 6}));
  block = window.begin_block();
  EXPECT_FALSE(block.range.journal_after.has_value());
  EXPECT_TRUE(block.range.transients_after.has_value());
  std::vector<Entry> rest;
  rest.push_back(entry(7, Keeper::transient_store));
  window.end_block(block, std::move(rest));
  EXPECT_FALSE(window.has_tail());
  EXPECT_THAT(pop_all(window), ElementsAre(1, 2, 3, 4, 5, 6, 7));
}

TEST(QueueWindow, ABlockEndsBeforeWhatEitherStoreHasNotOnDisk) {
  QueueWindow window{1, 1000};
  const auto push = [&](Seq seq, Keeper keeper, CommitNumber commit, CommitNumber committed) {
    Entry made = entry(seq, keeper);
    made.commit = commit;
    window.push(std::move(made), committed);
  };
  push(1, Keeper::journal, 1, 1);
  push(2, Keeper::journal, 1, 1);
  push(3, Keeper::transient_store, 7, 7);
  push(4, Keeper::journal, 2, 1);
  push(5, Keeper::transient_store, 8, 7);
  EXPECT_EQ(window.begin_block(1, 7).range.last, 3U);
  window.purge();
  push(11, Keeper::journal, 3, 3);
  push(12, Keeper::transient_store, 8, 7);
  push(13, Keeper::journal, 4, 3);
  const auto block = window.begin_block(3, 7);
  EXPECT_EQ(block.range.last, 12U);
  EXPECT_EQ(block.range.transients_after, 8U);
}

TEST(QueueWindow, AStoreIsNotAskedForWhatIsBeforeItsFirst) {
  Paged window;
  Entry late = entry(7, Keeper::transient_store);
  late.commit = 1;
  window.push(std::move(late), 0);
  window.pop();
  const auto block = window.begin_block(QueueWindow::all_committed, 0);
  EXPECT_EQ(block.range.last, 6U);
  EXPECT_TRUE(block.range.journal_after.has_value());
  EXPECT_FALSE(block.range.transients_after.has_value());
}

TEST(QueueWindow, ABlockBeginsWhereSomethingIsLeft) {
  QueueWindow window{1, 1000};
  window.push(entry(1));
  window.push(entry(2));
  Entry late = entry(3, Keeper::transient_store);
  late.commit = 8;
  window.push(std::move(late), 7);
  EXPECT_TRUE(window.take_from_tail(2, 1));
  const auto block = window.begin_block(QueueWindow::all_committed, 7);
  EXPECT_EQ(block.range.first, 3U);
  EXPECT_EQ(block.range.last, 3U);
  EXPECT_EQ(block.range.transients_after, 8U);
}

TEST(QueueWindow, ABlockOfATailThatHasGoneLeavesTheNextOneAlone) {
  Paged window;
  const auto block = window.begin_block();
  for (const Seq seq : {4U, 5U, 6U}) EXPECT_TRUE(window.take_from_tail(seq, 1));
  pop_all(window);
  for (Seq seq = 7; seq <= 10; ++seq) window.push(entry(seq));  // 10 begins another tail
  window.end_block(block, stored({4, 5, 6}));
  EXPECT_EQ(window.tail_first(), 10U);
  EXPECT_EQ(window.begin_block().range.first, 10U);
}

TEST(QueueWindow, CountsWhatItsMessagesTakeThatNothingElseKeeps) {
  std::size_t total = 0;
  const std::size_t each = sizeof(Entry) + entry(1, Keeper::memory).message->memory_bytes();
  {
    QueueWindow window{10, 1000, &total};
    for (Seq seq = 1; seq <= 5; ++seq) window.push(entry(seq, Keeper::memory));
    window.push(entry(6, Keeper::journal));
    EXPECT_EQ(total, 5 * each);
    window.put_back(window.pop());
    EXPECT_EQ(total, 5 * each);
    window.take(3);
    EXPECT_EQ(total, 4 * each);
    QueueWindow other{10, 1000, &total};
    other.push(entry(1, Keeper::memory));
    EXPECT_EQ(total, 5 * each);
    other.purge();
    EXPECT_EQ(total, 4 * each);
  }
  EXPECT_EQ(total, 0U);
}

TEST(QueueWindow, WhatArrivesWhileABlockIsOnItsWayStaysBehindIt) {
  Paged window;
  const auto block = window.begin_block();
  window.push(entry(7));
  window.end_block(block, stored({4, 5, 6}));
  EXPECT_TRUE(window.has_tail());
  EXPECT_EQ(window.tail_first(), 7U);
  window.end_block(window.begin_block(), stored({7}));
  EXPECT_THAT(pop_all(window), ElementsAre(1, 2, 3, 4, 5, 6, 7));
}

TEST(QueueWindow, APurgeOvertakesABlock) {
  Paged window;
  const auto block = window.begin_block();
  const auto purged = window.purge();
  EXPECT_EQ(purged.count, 6U);
  EXPECT_EQ(purged.entries.size(), 3U);
  EXPECT_EQ(purged.tail, std::make_optional(std::pair<Seq, Seq>{4, 6}));
  for (Seq seq = 8; seq <= 12; ++seq) window.push(entry(seq));
  const auto next = window.begin_block();
  window.end_block(block, stored({4, 5, 6}));
  EXPECT_FALSE(window.wants_block(100));
  window.end_block(next, stored({11, 12}));
  EXPECT_THAT(pop_all(window), ElementsAre(8, 9, 10, 11, 12));
  EXPECT_EQ(window.bytes(), 0U);
}

TEST(QueueWindow, TakesOneOutOfTheMiddleOfMemory) {
  Paged window;
  Entry first = window.pop();
  window.put_back(std::move(first));
  EXPECT_EQ(window.take(1)->seq, 1U);
  EXPECT_EQ(window.take(3)->seq, 3U);
  EXPECT_FALSE(window.take(3));
  EXPECT_FALSE(window.take(5));
  EXPECT_EQ(window.count(), 4U);
  EXPECT_EQ(window.bytes(), 4U);
}

TEST(QueueWindow, TakesOneOutOfTheStoredPart) {
  Paged window;
  EXPECT_FALSE(window.take_from_tail(3, 1));
  EXPECT_FALSE(window.take_from_tail(7, 1));
  EXPECT_TRUE(window.take_from_tail(5, 1));
  EXPECT_EQ(window.count(), 5U);
  window.end_block(window.begin_block(), stored({4, 6}));
  EXPECT_THAT(pop_all(window), ElementsAre(1, 2, 3, 4, 6));
  EXPECT_EQ(window.bytes(), 0U);
}

TEST(QueueWindow, WhatIsTakenWhileABlockIsOnItsWayDoesNotComeWithIt) {
  Paged window;
  const auto block = window.begin_block();
  EXPECT_TRUE(window.take_from_tail(5, 1));
  EXPECT_FALSE(window.take_from_tail(5, 1));
  window.end_block(block, stored({4, 5, 6}));
  EXPECT_EQ(window.count(), 5U);
  EXPECT_THAT(pop_all(window), ElementsAre(1, 2, 3, 4, 6));
  EXPECT_EQ(window.bytes(), 0U);
}

TEST(QueueWindow, TakingTheWholeStoredPartWhileABlockIsOnItsWayKeepsNewOnes) {
  Paged window;
  const auto block = window.begin_block();
  for (const Seq seq : {4U, 5U, 6U}) EXPECT_TRUE(window.take_from_tail(seq, 1));
  for (Seq seq = 7; seq <= 9; ++seq) window.push(entry(seq));
  window.end_block(block, stored({4, 5, 6}));
  EXPECT_EQ(window.count(), 6U);
  while (window.has_tail()) {
    std::vector<Seq> rest(window.tail_last() - window.tail_first() + 1);
    std::iota(rest.begin(), rest.end(), window.tail_first());
    std::erase_if(rest, [](Seq seq) { return seq < 7; });
    window.end_block(window.begin_block(), stored(rest));
  }
  EXPECT_THAT(pop_all(window), ElementsAre(1, 2, 3, 7, 8, 9));
}

TEST(QueueWindow, AStoreThatHasLostItsRowsEndsTheStoredPart) {
  Paged window;
  pop_all(window);
  window.end_block(window.begin_block(), {});
  EXPECT_EQ(window.count(), 0U);
  EXPECT_EQ(window.bytes(), 0U);
}

TEST(QueueWindow, GivesUpWhatHasExpiredInMemoryWhereverItStands) {
  QueueWindow window{5, 1000};
  window.push(entry(1));
  window.push(expiring(2, 30));
  window.push(expiring(3, 10));
  window.push(entry(4));
  window.push(expiring(5, 20));
  Entry back = window.pop();
  window.put_back(std::move(back));
  EXPECT_EQ(window.memory_expiry(), 10);
  const std::vector<Entry> expired = window.take_expired(20);
  ASSERT_EQ(expired.size(), 2U);
  EXPECT_EQ(expired[0].seq, 3U);
  EXPECT_EQ(expired[1].seq, 5U);
  EXPECT_EQ(window.memory_expiry(), 30);
  EXPECT_EQ(window.bytes(), 3U);
  EXPECT_THAT(pop_all(window), ElementsAre(1, 2, 4));
}

TEST(QueueWindow, KnowsWhenTheFirstInTheStoreExpires) {
  Paged window;
  EXPECT_EQ(window.tail_expiry(), 0);
  window.push(expiring(7, 50));
  window.push(expiring(8, 40));
  EXPECT_EQ(window.tail_expiry(), 40);
  window.begin_expired();
  window.push(expiring(9, 60));
  EXPECT_TRUE(window.take_from_tail(8, 1));
  window.end_expired(50);
  EXPECT_EQ(window.tail_expiry(), 50);
}

TEST(QueueWindow, WhatIsTakenWhileExpiredOnesAreReadIsNotTakenAgain) {
  Paged window;
  window.begin_expired();
  EXPECT_TRUE(window.take_from_tail(5, 1));
  EXPECT_FALSE(window.take_from_tail(5, 1));
  window.end_expired(0);
  EXPECT_EQ(window.count(), 5U);
}

TEST(QueueWindow, RecoversFromCounts) {
  QueueWindow window{3, 1000};
  window.recover(2, 20, 9);
  EXPECT_EQ(window.count(), 2U);
  EXPECT_EQ(window.bytes(), 20U);
  EXPECT_EQ(window.in_memory(), 0U);
  window.push(entry(10));
  EXPECT_THAT(pop_all(window), IsEmpty());
  window.end_block(window.begin_block(), stored({3, 9, 10}));
  EXPECT_THAT(pop_all(window), ElementsAre(3, 9, 10));
}

TEST(QueueWindow, LargeMessagesAreNotReadAheadByTheirNumberAlone) {
  QueueWindow window{100, 10};
  for (Seq seq = 1; seq <= 50; ++seq) window.push(entry(seq, Keeper::journal, 6));
  EXPECT_FALSE(window.wants_block(100));
  window.pop();
  window.pop();
  EXPECT_TRUE(window.wants_block(100));
}

TEST(QueueWindow, ABlockEndsBeforeWhatIsNotOnDisk) {
  QueueWindow window{2, 1000};
  const auto push = [&](Seq seq, CommitNumber commit, CommitNumber committed) {
    Entry made = entry(seq);
    made.commit = commit;
    window.push(std::move(made), committed);
  };
  for (Seq seq = 1; seq <= 4; ++seq) push(seq, 7, 6);
  push(5, 8, 7);
  push(6, 9, 7);
  QueueWindow::Block block = window.begin_block(7);
  EXPECT_EQ(block.range.first, 3U);
  EXPECT_EQ(block.range.last, 4U);
  EXPECT_EQ(block.range.journal_after, 0U);
  window.end_block(block, stored({3, 4}));
  block = window.begin_block(7);  // Nothing else is left: the next transaction is waited for.
  EXPECT_EQ(block.range.first, 5U);
  EXPECT_EQ(block.range.last, 5U);
  EXPECT_EQ(block.range.journal_after, 8U);
  window.end_block(block, stored({5}));
  block = window.begin_block(9);
  EXPECT_EQ(block.range.last, 6U);
  EXPECT_EQ(block.range.journal_after, 0U);
}

TEST(QueueWindow, ABlockIsReadAfterWhatWasTakenFromTheTail) {
  QueueWindow window{2, 1000};
  for (Seq seq = 1; seq <= 6; ++seq) window.push(entry(seq));
  ASSERT_TRUE(window.take_from_tail(4, 1, Keeper::journal, 12));
  EXPECT_EQ(window.begin_block(11).range.journal_after, 12U);
}

/// A window of two messages that are in memory, 1 and 2, with 3, 4 and 5 behind, which the
/// transactions 7, 8 and 8 are to save; 6 is the last that is on disk.
struct Unsaved : QueueWindow {
  explicit Unsaved(Seq unwanted = 0) : QueueWindow{2, 1000} {
    const std::vector<CommitNumber> commits{5, 5, 7, 8, 8};
    for (Seq seq = 1; seq <= 5; ++seq) {
      Entry made = entry(seq);
      made.commit = commits[seq - 1];
      push(std::move(made), 6, seq != unwanted);
    }
  }
};

TEST(QueueWindow, ATailThatIsNotOnDiskIsTakenAsItIs) {
  Unsaved window;
  EXPECT_FALSE(window.take_unsaved(6, 6)) << "there is no room";
  EXPECT_EQ(window.pop().seq, 1U);
  EXPECT_TRUE(window.take_unsaved(6, 6));
  EXPECT_EQ(window.tail_first(), 4U);
  EXPECT_THAT(pop_all(window), ElementsAre(2, 3));
  EXPECT_TRUE(window.take_unsaved(7, 6));
  EXPECT_FALSE(window.has_tail());
  EXPECT_FALSE(window.take_unsaved(7, 6));
  EXPECT_EQ(window.count(), 2U);
  EXPECT_EQ(window.bytes(), 2U);
  EXPECT_THAT(pop_all(window), ElementsAre(4, 5));
}

TEST(QueueWindow, WhatIsOnDiskMeanwhileIsReadFirst) {
  Unsaved window;
  pop_all(window);
  EXPECT_FALSE(window.take_unsaved(7, 6));
  const QueueWindow::Block block = window.begin_block(7);
  EXPECT_EQ(block.range.last, 3U);
  EXPECT_FALSE(window.take_unsaved(7, 6)) << "it would overtake the block";
  window.end_block(block, stored({3}));
  EXPECT_TRUE(window.take_unsaved(7, 6));
  EXPECT_THAT(pop_all(window), ElementsAre(3, 4));
  EXPECT_TRUE(window.take_unsaved(7, 6));
  EXPECT_THAT(pop_all(window), ElementsAre(5));
}

TEST(QueueWindow, OnlyAWholeEndOfTheTailIsTaken) {
  Unsaved window{4};
  pop_all(window);
  EXPECT_FALSE(window.take_unsaved(6, 6)) << "4 is not there, and 5 must not overtake it";
  window.end_block(window.begin_block(7), stored({3, 4}));
  EXPECT_THAT(pop_all(window), ElementsAre(3, 4));
  EXPECT_TRUE(window.take_unsaved(7, 6));
  EXPECT_THAT(pop_all(window), ElementsAre(5));
}

TEST(QueueWindow, WhatIsTakenFromATailThatIsNotOnDiskDoesNotComeWithIt) {
  Unsaved window;
  pop_all(window);
  ASSERT_TRUE(window.take_from_tail(4, 1));
  EXPECT_TRUE(window.take_unsaved(6, 6));
  EXPECT_THAT(pop_all(window), ElementsAre(3, 5));
  EXPECT_EQ(window.bytes(), 0U);

  Unsaved purged;
  purged.purge();
  EXPECT_FALSE(purged.take_unsaved(6, 6));
  EXPECT_EQ(purged.count(), 0U);
}

TEST(QueueWindow, WhatIsKeptElsewhereDoesNotHoldBackWhatIsOnDisk) {
  QueueWindow window{1, 1000};
  const auto push = [&](Seq seq, Keeper keeper, CommitNumber commit, CommitNumber committed) {
    Entry made = entry(seq, keeper);
    made.commit = commit;
    window.push(std::move(made), committed, true);
  };
  push(1, Keeper::journal, 7, 6);
  push(2, Keeper::transient_store, 3, 2);
  for (Seq seq = 3; seq <= 9; ++seq) push(seq, Keeper::journal, 8 + seq, 7 + seq);
  EXPECT_EQ(window.unsaved_count(), 1U) << "of the others each is on disk";
  window.let_go_of_unsaved();
  pop_all(window);
  EXPECT_FALSE(window.take_unsaved(6, 2));
}

}  // namespace
}  // namespace leveret::broker
