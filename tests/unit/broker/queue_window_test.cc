#include "broker/queue_window.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>

#include "amqp/properties.h"

namespace leveret::broker {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

Entry entry(Seq seq, bool is_stored, std::size_t body_bytes = 1) {
  Entry made;
  made.seq = seq;
  made.message = Message::make("", "q", std::string(2, '\0'), std::string(body_bytes, 'x'), 0);
  made.is_stored = is_stored;
  return made;
}

Entry expiring(Seq seq, TimeMs ms) {
  amqp::Properties properties;
  properties.expiration = std::to_string(ms);
  Entry made = entry(seq, true);
  made.message = Message::make("", "q", amqp::write_properties(properties), "x", 0);
  made.expires_at = ms;
  return made;
}

std::vector<Entry> stored(const std::vector<Seq>& seqs) {
  std::vector<Entry> entries;
  for (const Seq seq : seqs) entries.push_back(entry(seq, true));
  return entries;
}

/// A window of three messages with stored messages 1 to 6: 1, 2, 3 in memory, 4, 5, 6 behind.
QueueWindow paged() {
  QueueWindow window{3, 1000};
  for (Seq seq = 1; seq <= 6; ++seq) window.push(entry(seq, true));
  return window;
}

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
  for (Seq seq = 1; seq <= 3; ++seq) window.push(entry(seq, false));
  EXPECT_EQ(window.count(), 3U);
  EXPECT_THAT(pop_all(window), ElementsAre(1, 2, 3));
  EXPECT_EQ(window.count(), 0U);
  EXPECT_EQ(window.bytes(), 0U);
}

TEST(QueueWindow, WhatComesBackGoesToItsPlace) {
  QueueWindow window{10, 1000};
  for (Seq seq = 1; seq <= 4; ++seq) window.push(entry(seq, false));
  Entry first = window.pop();
  Entry second = window.pop();
  window.pop();
  window.put_back(std::move(second));
  window.push(entry(5, false));
  window.put_back(std::move(first));
  EXPECT_THAT(in_memory(window), ElementsAre(1, 2, 4, 5));
  EXPECT_THAT(in_memory(window, 2), ElementsAre(4, 5));
  EXPECT_THAT(pop_all(window), ElementsAre(1, 2, 4, 5));
}

TEST(QueueWindow, StoredMessagesBeyondTheWindowAreOnlyCounted) {
  const QueueWindow window = paged();
  EXPECT_EQ(window.count(), 6U);
  EXPECT_EQ(window.in_memory(), 3U);
  EXPECT_EQ(window.bytes(), 6U);
  EXPECT_EQ(window.tail_first(), 4U);
  EXPECT_EQ(window.tail_last(), 6U);
}

TEST(QueueWindow, BytesLimitTheWindowToo) {
  QueueWindow window{100, 10};
  for (Seq seq = 1; seq <= 5; ++seq) window.push(entry(seq, true, 6));
  EXPECT_EQ(window.in_memory(), 2U);
  EXPECT_EQ(window.bytes(), 30U);
}

TEST(QueueWindow, ReadsBackWhatItCounted) {
  QueueWindow window = paged();
  EXPECT_FALSE(window.wants_block(3));
  window.pop();
  EXPECT_TRUE(window.wants_block(3));
  const auto block = window.begin_block();
  EXPECT_EQ(block.first, 4U);
  EXPECT_EQ(block.last, 6U);
  EXPECT_FALSE(window.wants_block(3));
  window.end_block(block, stored({4, 5}));
  EXPECT_EQ(window.count(), 5U);
  EXPECT_EQ(window.tail_first(), 6U);
  window.end_block(window.begin_block(), stored({6}));
  EXPECT_FALSE(window.has_tail());
  EXPECT_THAT(pop_all(window), ElementsAre(2, 3, 4, 5, 6));
  EXPECT_EQ(window.bytes(), 0U);
}

TEST(QueueWindow, TransientMessagesBehindStoredOnesWaitForThem) {
  QueueWindow window = paged();
  window.push(entry(7, false));
  window.push(entry(8, true));
  window.push(entry(9, false));
  EXPECT_EQ(window.count(), 9U);
  EXPECT_THAT(pop_all(window), ElementsAre(1, 2, 3));
  window.end_block(window.begin_block(), stored({4, 5, 6}));
  EXPECT_THAT(pop_all(window), ElementsAre(4, 5, 6));
  window.end_block(window.begin_block(), stored({8}));
  EXPECT_THAT(pop_all(window), ElementsAre(7, 8, 9));
}

TEST(QueueWindow, WhatArrivesWhileABlockIsOnItsWayStaysBehindIt) {
  QueueWindow window = paged();
  const auto block = window.begin_block();
  window.push(entry(7, true));
  window.push(entry(8, false));
  window.end_block(block, stored({4, 5, 6}));
  EXPECT_TRUE(window.has_tail());
  EXPECT_EQ(window.tail_first(), 7U);
  window.end_block(window.begin_block(), stored({7}));
  EXPECT_THAT(pop_all(window), ElementsAre(1, 2, 3, 4, 5, 6, 7, 8));
}

TEST(QueueWindow, APurgeOvertakesABlock) {
  QueueWindow window = paged();
  window.push(entry(7, false));
  const auto block = window.begin_block();
  const auto purged = window.purge();
  EXPECT_EQ(purged.count, 7U);
  EXPECT_EQ(purged.entries.size(), 4U);
  EXPECT_EQ(purged.stored_range, std::make_optional(std::pair<Seq, Seq>{4, 6}));
  for (Seq seq = 8; seq <= 12; ++seq) window.push(entry(seq, true));
  const auto next = window.begin_block();
  window.end_block(block, stored({4, 5, 6}));
  EXPECT_FALSE(window.wants_block(100));
  window.end_block(next, stored({11, 12}));
  EXPECT_THAT(pop_all(window), ElementsAre(8, 9, 10, 11, 12));
  EXPECT_EQ(window.bytes(), 0U);
}

TEST(QueueWindow, TakesOneOutOfTheMiddleOfMemory) {
  QueueWindow window = paged();
  window.push(entry(7, false));
  Entry first = window.pop();
  window.put_back(std::move(first));
  EXPECT_EQ(window.take(1)->seq, 1U);
  EXPECT_EQ(window.take(3)->seq, 3U);
  EXPECT_EQ(window.take(7)->seq, 7U);
  EXPECT_FALSE(window.take(3));
  EXPECT_FALSE(window.take(5));
  EXPECT_EQ(window.count(), 4U);
  EXPECT_EQ(window.bytes(), 4U);
}

TEST(QueueWindow, TakesOneOutOfTheStoredPart) {
  QueueWindow window = paged();
  EXPECT_FALSE(window.take_from_tail(3, 1));
  EXPECT_FALSE(window.take_from_tail(7, 1));
  EXPECT_TRUE(window.take_from_tail(5, 1));
  EXPECT_EQ(window.count(), 5U);
  window.end_block(window.begin_block(), stored({4, 6}));
  EXPECT_THAT(pop_all(window), ElementsAre(1, 2, 3, 4, 6));
  EXPECT_EQ(window.bytes(), 0U);
}

TEST(QueueWindow, WhatIsTakenWhileABlockIsOnItsWayDoesNotComeWithIt) {
  QueueWindow window = paged();
  const auto block = window.begin_block();
  EXPECT_TRUE(window.take_from_tail(5, 1));
  EXPECT_FALSE(window.take_from_tail(5, 1));
  window.end_block(block, stored({4, 5, 6}));
  EXPECT_EQ(window.count(), 5U);
  EXPECT_THAT(pop_all(window), ElementsAre(1, 2, 3, 4, 6));
  EXPECT_EQ(window.bytes(), 0U);
}

TEST(QueueWindow, TakingTheWholeStoredPartFreesTheTransientBehindIt) {
  QueueWindow window = paged();
  window.push(entry(7, false));
  for (const Seq seq : {4U, 5U, 6U}) EXPECT_TRUE(window.take_from_tail(seq, 1));
  EXPECT_FALSE(window.has_tail());
  EXPECT_THAT(pop_all(window), ElementsAre(1, 2, 3, 7));
}

TEST(QueueWindow, TakingTheWholeStoredPartWhileABlockIsOnItsWayKeepsNewOnes) {
  QueueWindow window = paged();
  const auto block = window.begin_block();
  for (const Seq seq : {4U, 5U, 6U}) EXPECT_TRUE(window.take_from_tail(seq, 1));
  for (Seq seq = 7; seq <= 9; ++seq) window.push(entry(seq, true));
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
  QueueWindow window = paged();
  pop_all(window);
  window.end_block(window.begin_block(), {});
  EXPECT_EQ(window.count(), 0U);
  EXPECT_EQ(window.bytes(), 0U);
}

TEST(QueueWindow, GivesUpWhatHasExpiredInMemoryWhereverItStands) {
  QueueWindow window{5, 1000};
  window.push(entry(1, true));
  window.push(expiring(2, 30));
  window.push(expiring(3, 10));
  window.push(entry(4, true));
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
  QueueWindow window = paged();
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
  QueueWindow window = paged();
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
  window.push(entry(10, true));
  window.push(entry(11, false));
  EXPECT_THAT(pop_all(window), IsEmpty());
  window.end_block(window.begin_block(), stored({3, 9, 10}));
  EXPECT_THAT(pop_all(window), ElementsAre(3, 9, 10, 11));
}

TEST(QueueWindow, LargeMessagesAreNotReadAheadByTheirNumberAlone) {
  QueueWindow window{100, 10};
  for (Seq seq = 1; seq <= 50; ++seq) window.push(entry(seq, true, 6));
  EXPECT_FALSE(window.wants_block(100));
  window.pop();
  window.pop();
  EXPECT_TRUE(window.wants_block(100));
}

TEST(QueueWindow, ABlockEndsBeforeWhatIsNotOnDisk) {
  QueueWindow window{2, 1000};
  const auto push = [&](Seq seq, CommitNumber commit, CommitNumber committed) {
    Entry made = entry(seq, true);
    made.commit = commit;
    window.push(std::move(made), committed);
  };
  for (Seq seq = 1; seq <= 4; ++seq) push(seq, 7, 6);
  push(5, 8, 7);
  push(6, 9, 7);
  QueueWindow::Block block = window.begin_block(7);
  EXPECT_EQ(block.first, 3U);
  EXPECT_EQ(block.last, 4U);
  EXPECT_EQ(block.after, 0U);
  window.end_block(block, stored({3, 4}));
  block = window.begin_block(7);  // Nothing else is left: the next transaction is waited for.
  EXPECT_EQ(block.first, 5U);
  EXPECT_EQ(block.last, 5U);
  EXPECT_EQ(block.after, 8U);
  window.end_block(block, stored({5}));
  block = window.begin_block(9);
  EXPECT_EQ(block.last, 6U);
  EXPECT_EQ(block.after, 0U);
}

TEST(QueueWindow, ABlockIsReadAfterWhatWasTakenFromTheTail) {
  QueueWindow window{2, 1000};
  for (Seq seq = 1; seq <= 6; ++seq) window.push(entry(seq, true));
  ASSERT_TRUE(window.take_from_tail(4, 1, 12));
  EXPECT_EQ(window.begin_block(11).after, 12U);
}

}  // namespace
}  // namespace leveret::broker
