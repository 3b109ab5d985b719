#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <random>
#include <set>
#include <span>
#include <vector>

#include "harness.h"
#include "store/log_tail.h"
#include "store/sqlite.h"
#include "workload.h"

namespace leveret::store::test {
namespace {

constexpr std::size_t header_bytes = 32;
constexpr std::size_t frame_header_bytes = 24;
constexpr std::size_t page_bytes = 4096;
constexpr std::size_t frame_bytes = frame_header_bytes + page_bytes;

/// Where each transaction of a write-ahead log ends, as SQLite's file format has it: a frame
/// belongs to the log when it has the salts of the header, and ends a transaction when it tells the
/// file's length.
std::vector<std::size_t> ends_of_transactions(const std::string& log) {
  std::vector<std::size_t> ends;
  for (std::size_t at = header_bytes; at + frame_bytes <= log.size(); at += frame_bytes) {
    if (log.compare(at + 8, 8, log, 16, 8) != 0) break;
    if (log.compare(at + 4, 4, std::string(4, '\0')) != 0) ends.push_back(at + frame_bytes);
  }
  return ends;
}

/// A store that ends by a crash in the middle of its write-ahead log, of which damaged copies are
/// opened.
class LogDamage : public ::testing::Test {
 protected:
  LogDamage() {
    // After a crash the log begins anew, and the rest of its older, longer run stands behind.
    std::filesystem::create_directory(dir.file("before"));
    {
      TestStore store(options_in("before"));
      for (int turn = 0; turn < 80; ++turn) run_turn(store);
      std::filesystem::copy(dir.file("before"), dir.file("running"));
    }
    TestStore store(options_in("running"));
    first_turn = workload.turns();
    for (int turn = 0; turn < 40; ++turn) {
      run_turn(store);
      ends.push_back(ends_of_transactions(read_file(log_in("running"))).back());
    }
    std::filesystem::copy(dir.file("running"), dir.file("crashed"));
    log = read_file(log_in("crashed"));
  }

  void run_turn(TestStore& store) {
    workload.turn(*store);
    EXPECT_TRUE(store.wait_committed(store->current_commit() - 1));
  }

  StoreOptions options_in(const std::string& where) const {
    return {.file = dir.file(where + "/x.db"), .page_bytes = page_bytes};
  }
  std::string log_in(const std::string& where) const { return dir.file(where + "/x.db-wal"); }

  /// Opens the crashed store with that log, which is right up to `at`: each turn that ends before
  /// there is found, and at most the one that is cut besides (which may have ended already, with
  /// something cleaned up after it).
  void expect_prefix(const std::string& damaged, std::size_t at) {
    std::filesystem::remove_all(dir.file("copy"));
    std::filesystem::copy(dir.file("crashed"), dir.file("copy"));
    std::filesystem::remove(dir.file("copy/x.db-shm"));
    write_file(log_in("copy"), damaged);
    const auto whole = std::ranges::upper_bound(ends, at) - ends.begin();
    const std::size_t turns = first_turn + static_cast<std::size_t>(whole);
    TestStore store(options_in("copy"));
    const Model found = read_all(store);
    ASSERT_EQ(store.fatal_text(), "");
    const std::size_t turn = workload.turn_of(found);
    ASSERT_GE(turn, turns);
    ASSERT_LE(turn, std::min(turns + 1, workload.turns()));
    ASSERT_TRUE(found == workload.after(turn)) << describe(found);
    store.close();
    if (!found_turns.insert(turn).second) return;
    ASSERT_EQ(inconsistencies(dir.file("copy/x.db")), std::vector<std::string>{});
  }

  /// Transactions of that log that were on disk and are not taken.
  static std::int64_t count_lost(const std::string& damaged) {
    return lost_of(damaged).transactions;
  }
  static LogLoss lost_of(const std::string& damaged) {
    return count_lost_transactions(
        std::ssize(damaged), page_bytes, [&damaged](std::int64_t at, std::span<char> to) {
          damaged.copy(to.data(), to.size(), static_cast<std::size_t>(at));
        });
  }

  TempDir dir;
  Workload workload{1, 2500};
  std::size_t first_turn = 0;
  std::vector<std::size_t> ends;  // Of each turn after the first.
  std::string log;
  std::set<std::size_t> found_turns;
  std::mt19937_64 random{1};
};

TEST_F(LogDamage, ALogThatIsCutAnywhereHoldsTheTransactionsBeforeThere) {
  std::vector<std::size_t> places{0, 1, header_bytes - 1, header_bytes, log.size()};
  for (const std::size_t end : ends)
    for (const std::size_t place : {end - page_bytes, end - 1, end, end + frame_header_bytes})
      places.push_back(place);
  while (places.size() < 300) places.push_back(random() % (ends.back() + frame_bytes));
  for (const std::size_t place : places) {
    SCOPED_TRACE(place);
    ASSERT_NO_FATAL_FAILURE(expect_prefix(log.substr(0, place), place));
  }
  EXPECT_EQ(found_turns.size(), ends.size() + 1);
}

TEST_F(LogDamage, AChangedBitEndsTheLogWithTheTransactionsBeforeIt) {
  for (int i = 0; i < 300; ++i) {
    std::string damaged = log;
    // All of the log, or its last transactions.
    const std::size_t begin = i % 2 == 0 ? header_bytes : ends.at(ends.size() - 4);
    const std::size_t place = begin + random() % (ends.back() - begin);
    SCOPED_TRACE(place);
    damaged[place] = static_cast<char>(damaged[place] ^ (1 << random() % 8));
    ASSERT_NO_FATAL_FAILURE(expect_prefix(damaged, place));
  }
  EXPECT_GT(found_turns.size(), ends.size() / 2);
}

TEST_F(LogDamage, ADamagedHeaderLeavesTheFileAsItWas) {
  for (std::size_t place = 0; place < header_bytes; ++place) {
    SCOPED_TRACE(place);
    std::string damaged = log;
    damaged[place] = static_cast<char>(damaged[place] ^ 0x10);
    ASSERT_NO_FATAL_FAILURE(expect_prefix(damaged, 0));
  }
}

TEST_F(LogDamage, WhatAnOlderRunOfTheLogHasLeftIsNoPartOfIt) {
  ASSERT_GT(log.size(), ends.back() + frame_bytes);
  for (int i = 0; i < 50; ++i) {
    std::string damaged = log;
    const std::size_t place = ends.back() + random() % (log.size() - ends.back());
    damaged[place] = static_cast<char>(damaged[place] ^ (1 << random() % 8));
    ASSERT_NO_FATAL_FAILURE(expect_prefix(damaged, ends.back()));
  }
}

TEST_F(LogDamage, WhatIsLostOfItIsCounted) {
  EXPECT_EQ(count_lost(log), 0);
  const std::vector<std::size_t> all = ends_of_transactions(log);
  const auto lost_from = [&](std::size_t transaction, std::size_t back) {
    std::string damaged = log;
    damaged[all.at(transaction) - back] ^= 1;
    return count_lost(damaged);
  };
  // In the page that ends a transaction. The last may be one that a power cut has torn.
  const auto last = std::ssize(all) - 1;
  for (std::ptrdiff_t i = 0; i <= last; ++i)
    EXPECT_EQ(lost_from(static_cast<std::size_t>(i), 1), last - i) << i;
  // In what says whose page that is: the transaction itself cannot be seen any more.
  EXPECT_EQ(lost_from(3, frame_bytes - 10), last - 4);
}

TEST_F(LogDamage, WithADamagedHeaderAllOfItIsLost) {
  const auto all = std::ssize(ends_of_transactions(log));
  for (std::size_t place = 0; place < header_bytes; ++place) {
    std::string damaged = log;
    damaged[place] = static_cast<char>(damaged[place] ^ 0x10);
    const LogLoss loss = lost_of(damaged);
    EXPECT_TRUE(loss.is_whole_log) << place;
    EXPECT_EQ(loss.transactions, all) << place;
  }
  EXPECT_FALSE(lost_of(log).is_whole_log);
}

TEST_F(LogDamage, ALogThatHasNotBeenUsedLosesNothing) {
  EXPECT_EQ(count_lost(""), 0);
  EXPECT_EQ(count_lost(std::string(header_bytes, '\0')), 0);
  EXPECT_EQ(count_lost(std::string(log.size(), '\0')), 0);
}

TEST_F(LogDamage, AnEndThatIsMissingIsNoDamage) {
  for (std::size_t i = 0; i < 100; ++i)
    EXPECT_EQ(count_lost(log.substr(0, random() % log.size())), 0);
}

TEST_F(LogDamage, LogsWithoutSenseAreReadWithinTheirBounds) {
  for (int i = 0; i < 200; ++i) {
    std::string damaged = log.substr(0, random() % 20'000);
    for (std::size_t at = 0; at < std::min(damaged.size(), header_bytes); ++at)
      if (random() % 8 == 0) damaged[at] = static_cast<char>(random());
    EXPECT_LE(count_lost(damaged), std::ssize(damaged));
  }
}

}  // namespace
}  // namespace leveret::store::test
