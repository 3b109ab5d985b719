#include "broker/kept_range.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/broker/support/fake_journal.h"

namespace leveret::broker::test {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr QueueId queue{1};
constexpr Keeper journal = Keeper::journal;
constexpr Keeper transients = Keeper::transient_store;

/// Both stores, with one queue of messages by seq.
struct Stores {
  Stores(const std::vector<Seq>& stored, const std::vector<Seq>& transient) {
    fill(of_journal, stored);
    fill(of_transients, transient);
  }

  static void fill(FakeJournal& store, const std::vector<Seq>& seqs) {
    store.put_queue({.id = queue, .name = "q", .arguments = {}});
    for (const Seq seq : seqs)
      store.append(queue, seq, Message::make("", "q", std::string(2, '\0'), "body", 0), 0);
    store.flush(Urgency::now);
    store.commit();
  }

  std::vector<std::pair<Seq, Keeper>> read(const KeptRange& range, std::size_t messages_max = 100,
                                           std::size_t bytes_max = 10'000) {
    std::vector<std::pair<Seq, Keeper>> found;
    read_kept(of_journal, of_transients, queue, range, {messages_max, bytes_max},
              [&](const std::vector<StoredMessage>& messages) {
                for (const StoredMessage& each : messages)
                  found.emplace_back(each.seq, each.keeper);
              });
    for (FakeJournal* store : {&of_journal, &of_transients})
      while (store->has_reads()) store->answer_read();
    return found;
  }

  FakeJournal of_journal;
  FakeJournal of_transients;
};

KeptRange both(Seq first, Seq last) {
  return {.first = first, .last = last, .journal_after = 1, .transients_after = 1};
}

TEST(KeptRange, ComesFromBothStoresInOrder) {
  Stores stores{{1, 4, 5, 8}, {2, 3, 7, 9}};
  EXPECT_THAT(stores.read(both(2, 9)),
              ElementsAre(std::pair{2, transients}, std::pair{3, transients}, std::pair{4, journal},
                          std::pair{5, journal}, std::pair{7, transients}));
}

TEST(KeptRange, AsksOnlyTheStoreThatHasSome) {
  Stores stores{{1, 3}, {2}};
  EXPECT_THAT(stores.read({.first = 1, .last = 9, .journal_after = 1}),
              ElementsAre(std::pair{1, journal}, std::pair{3, journal}));
  EXPECT_THAT(stores.read({.first = 1, .last = 9, .transients_after = 1}),
              ElementsAre(std::pair{2, transients}));
}

TEST(KeptRange, EndsWhereEitherStoreStopsSoThatNothingIsLeftOut) {
  Stores stores{{1, 2, 3, 10, 11}, {4, 5, 6, 7, 8}};
  EXPECT_THAT(stores.read(both(1, 11), 2),
              ElementsAre(std::pair{1, journal}, std::pair{2, journal}));
  EXPECT_THAT(
      stores.read(both(3, 11), 2),
      ElementsAre(std::pair{3, journal}, std::pair{4, transients}, std::pair{5, transients}));
  EXPECT_THAT(stores.read(both(6, 11), 2),
              ElementsAre(std::pair{6, transients}, std::pair{7, transients}));
  EXPECT_THAT(stores.read(both(8, 11), 2), ElementsAre(std::pair{8, transients}));
  EXPECT_THAT(stores.read(both(9, 11), 2),
              ElementsAre(std::pair{10, journal}, std::pair{11, journal}));
}

TEST(KeptRange, BytesEndItToo) {
  Stores stores{{1, 4}, {2, 3}};
  EXPECT_THAT(stores.read(both(1, 4), 100, 4), ElementsAre(std::pair{1, journal}));
  EXPECT_THAT(stores.read(both(2, 4), 100, 4), ElementsAre(std::pair{2, transients}));
}

TEST(KeptRange, IsEmptyWhenNeitherHasAny) {
  Stores stores{{1}, {9}};
  EXPECT_THAT(stores.read(both(2, 8)), IsEmpty());
}

}  // namespace
}  // namespace leveret::broker::test
