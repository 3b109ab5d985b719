#include <gtest/gtest.h>

#include <cstdlib>
#include <random>

#include "fault_vfs.h"
#include "harness.h"
#include "store/sqlite.h"
#include "workload.h"

namespace leveret::store::test {
namespace {

/// Runs turns until the power goes, as it will at the n-th operation; comes back up; and tells what
/// is wrong: nothing when the store then holds exactly the first k turns, for some k not below what
/// was reported as committed.
class PowerCut {
 public:
  PowerCut(std::uint64_t seed, bool sync_commits)
      : seed_(seed), sync_commits_(sync_commits), workload_(seed, 2000) {}

  /// One life that ends at `operation`, and the start of the next. Empty when all is well.
  std::string cut_at(std::uint64_t operation) {
    const StoreOptions options{.file = dir_.file("x.db"),
                               .page_bytes = 4096,
                               .wal_bytes = 128 << 10,  // so that checkpoints are cut too
                               .redo_bytes = has_redo_log() ? 64 << 10 : 0,
                               .large_body_bytes = has_large_bodies() ? 500 : 1 << 20,
                               .body_file_bytes = 32 << 10,
                               .sync_commits = sync_commits_,
                               .vfs = disk_.vfs_name()};
    broker::CommitNumber committed = 0;
    disk_.cut_power_at(operation);
    try {
      TestStore store(options);
      for (int turn = 0; turn < 400 && disk_.has_power(); ++turn) {
        workload_.turn(*store);
        // Some turns gather in one batch, some have one each.
        if (turn % 3 != 0) store.wait_committed(store->current_commit() - 1);
      }
      store.run_until(
          [&] { return !disk_.has_power() || store.last_committed() == workload_.turns(); });
      disk_.cut_power();
      committed = store.last_committed();
    } catch (const StoreError&) {  // The power went while it was opened.
      disk_.cut_power();
    }
    disk_.restart(seed_ * 1'000'003 + operation);
    return start_again(options, committed);
  }

 private:
  /// Half of the stores have them. Without syncs a file of bodies may be lost, which is a damaged
  /// store and no earlier one.
  bool has_large_bodies() const { return seed_ % 2 == 0 && sync_commits_; }

  /// Two thirds of the stores have one, so short that it is applied again and again. Without syncs
  /// it would stand beside a file that is older than what it follows.
  bool has_redo_log() const { return seed_ % 3 != 0 && sync_commits_; }

  std::string start_again(const StoreOptions& options, broker::CommitNumber committed) {
    TestStore store(options);
    const Model found = read_all(store);
    const std::size_t turn = workload_.turn_of(found);
    if (turn < committed)
      return "LOSS: turn " + std::to_string(committed) + " was committed, the store ends with " +
             std::to_string(turn);
    if (turn > workload_.turns()) return "GHOST: ends with turn " + std::to_string(turn);
    if (!(found == workload_.after(turn)))
      return "turn " + std::to_string(turn) + " is not whole\nexpected\n" +
             describe(workload_.after(turn)) + "\nfound\n" + describe(found);
    store.close();
    disk_.settle();
    workload_.restart_from(turn);
    std::string text;
    for (const std::string& wrong : inconsistencies(options.file)) text += wrong + "\n";
    return text;
  }

  std::uint64_t seed_;
  bool sync_commits_;
  TempDir dir_;
  FaultDisk disk_;
  Workload workload_;
};

TEST(PowerCut, AtEveryOneOfTheFirstStepsLosesNothingCommitted) {
  for (std::uint64_t operation = 1; operation <= 400; ++operation) {
    PowerCut life(operation, true);
    ASSERT_EQ(life.cut_at(operation), "") << "cut at operation " << operation;
  }
}

/// STORE_POWER_CUTS asks for more stores than the few of an ordinary run; each has twenty lives.
TEST(PowerCut, InManyLivesOfOneStoreLosesNothingCommitted) {
  const char* const asked = std::getenv("STORE_POWER_CUTS");
  const std::uint64_t stores = asked ? std::strtoull(asked, nullptr, 10) : 6;
  for (std::uint64_t seed = 1; seed <= stores; ++seed) {
    PowerCut lives(seed, true);
    std::mt19937_64 random(seed);
    for (int life = 0; life < 20; ++life) {
      const std::uint64_t operation = 1 + random() % 2000;
      ASSERT_EQ(lives.cut_at(operation), "") << "seed " << seed << " life " << life;
    }
  }
}

TEST(PowerCut, WithoutSyncingCommitsLosesSomeAndThisTestFindsIt) {
  int losses = 0;
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    PowerCut life(seed, false);
    const std::string wrong = life.cut_at(100 + seed * 7);
    EXPECT_TRUE(wrong.empty() || wrong.starts_with("LOSS")) << wrong;
    losses += wrong.starts_with("LOSS") ? 1 : 0;
  }
  EXPECT_GT(losses, 0);
}

}  // namespace
}  // namespace leveret::store::test
