#include "store/standing_file.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "harness.h"
#include "store/catalog.h"
#include "store/sqlite.h"

namespace leveret::store::test {
namespace {

constexpr QueueId jobs{1};

TEST(StandingFile, IsGoneWhenRemovedOrReplacedAndNotWhenWritten) {
  const TempDir dir;
  const std::string path = dir.file("x");
  write_file(path, "a");
  StandingFile file(path, StandingFile::Clock::duration::zero());
  write_file(path, "longer");
  EXPECT_FALSE(file.is_gone());
  std::filesystem::rename(path, dir.file("y"));
  EXPECT_TRUE(file.is_gone());
  write_file(path, "another");
  EXPECT_TRUE(file.is_gone());
  std::filesystem::rename(dir.file("y"), path);
  EXPECT_FALSE(file.is_gone());
  EXPECT_FALSE(StandingFile(dir.file("none")).is_gone());
}

TEST(StandingFile, ARemovalIsSeenAtOnceHoweverSeldomItsNameIsLookedFor) {
  const TempDir dir;
  const std::string path = dir.file("x");
  write_file(path, "a");
  StandingFile file(path, std::chrono::hours{1});
  write_file(dir.file("y"), "b");
  EXPECT_FALSE(file.is_gone());
  std::filesystem::rename(dir.file("y"), path);
  EXPECT_TRUE(file.is_gone());
}

/// A store with one confirmed message, on the real disk.
class RemovedUnderneath : public ::testing::Test {
 protected:
  RemovedUnderneath() {
    store->put_queue({jobs, "jobs", false, {}});
    store->append(jobs, 1, message("first"), 0);
    EXPECT_TRUE(store.commit());
  }

  void append(broker::Seq seq, std::size_t body_bytes = 10) {
    store->append(jobs, seq, message(std::string(body_bytes, 'x')), 0);
  }
  /// The next commit is not reported, and the text names `path`.
  void expect_noticed(const std::string& path) {
    EXPECT_FALSE(store.commit());
    const std::string text = store.fatal_text();
    EXPECT_TRUE(text.starts_with(path + " was removed or replaced")) << text;
  }

  TempDir dir;
  std::string file = dir.file("vhost-1.db");
  StoreOptions options{.file = file, .large_body_bytes = 1000};
  TestStore store{options};
};

TEST_F(RemovedUnderneath, TheFileIsMissedByTheNextCommit) {
  std::filesystem::remove(file);
  append(2);
  expect_noticed(file);
  EXPECT_NE(store.fatal_text().find("from a backup"), std::string::npos);
}

TEST_F(RemovedUnderneath, AnotherInItsPlaceIsNotTakenForIt) {
  std::filesystem::copy_file(file, dir.file("copy"));
  std::filesystem::rename(dir.file("copy"), file);
  append(2);
  expect_noticed(file);
}

TEST_F(RemovedUnderneath, OfALogNothingIsLost) {
  append(2);
  EXPECT_TRUE(store.commit());
  std::filesystem::remove(file + "-wal");
  append(3);
  expect_noticed(file + "-wal");
  EXPECT_NE(store.fatal_text().find("Nothing is lost"), std::string::npos);
  store.reopen();
  EXPECT_GE(store.read(jobs).size(), 2U);
  store.close();
  EXPECT_EQ(inconsistencies(file), std::vector<std::string>{});
}

TEST_F(RemovedUnderneath, ACopyInALogsPlaceIsToBeRemoved) {
  std::filesystem::copy_file(file + "-wal", dir.file("copy"));
  std::filesystem::rename(dir.file("copy"), file + "-wal");
  append(2);
  expect_noticed(file + "-wal");
  EXPECT_NE(store.fatal_text().find("remove what stands in its place"), std::string::npos);
  store.close();
  std::filesystem::remove(file + "-wal");
  store.reopen();
  EXPECT_EQ(store.read(jobs).size(), 2U);
}

TEST_F(RemovedUnderneath, ALogThatWasRemovedWhileNothingWentOnIsSavedWhenClosed) {
  std::filesystem::remove(file + "-wal");
  store->close();
  EXPECT_NE(store.fatal_text().find("Nothing is lost"), std::string::npos);
  store.reopen();
  EXPECT_EQ(store.read(jobs).size(), 1U);
}

TEST_F(RemovedUnderneath, AFileOfBodiesIsMissedByTheNextBody) {
  append(2, 5000);
  EXPECT_TRUE(store.commit());
  std::filesystem::remove(file + "-bodies-1");
  append(3, 5000);
  expect_noticed(file + "-bodies-1");
}

TEST_F(RemovedUnderneath, TheWholeDirectoryIsMissedToo) {
  std::filesystem::rename(dir.path(), dir.path() + "-moved");
  broker::Seq seq = 2;
  do append(seq++);
  while (store.commit());
  expect_noticed(file);
  std::filesystem::rename(dir.path() + "-moved", dir.path());
}

TEST(RemovedCatalog, RefusesChangesAndSaysWhatToDo) {
  const TempDir dir;
  Catalog catalog(dir.file("leveret.db"));
  catalog.put_vhost({.name = "/"});
  std::filesystem::remove(dir.file("leveret.db"));
  try {
    catalog.put_vhost({.name = "more"});
    FAIL() << "a change went into a file that nobody finds again";
  } catch (const StoreError& error) {
    const std::string text = error.what();
    EXPECT_EQ(error.code(), SQLITE_READONLY_DBMOVED);
    EXPECT_TRUE(text.starts_with(dir.file("leveret.db") + " was removed or replaced")) << text;
    EXPECT_NE(text.find("export the definitions"), std::string::npos) << text;
  }
  EXPECT_EQ(catalog.vhosts().size(), 1U);
}

}  // namespace
}  // namespace leveret::store::test
