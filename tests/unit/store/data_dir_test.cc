#include "store/data_dir.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "harness.h"
#include "store/sqlite.h"

namespace leveret::store::test {
namespace {

TEST(DataDir, IsMadeForItsOwnerOnly) {
  const TempDir dir;
  const DataDir data(dir.file("a/b/data/"));
  struct stat status {};
  ASSERT_EQ(::stat(data.path().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0700U);
  EXPECT_EQ(data.vhost_file(7), dir.file("a/b/data/vhost-7.db"));
}

TEST(DataDir, ASecondBrokerIsRefusedWithTheFirstsProcessId) {
  const TempDir dir;
  const DataDir first(dir.file("data"));
  try {
    const DataDir second(dir.file("data"));
    FAIL() << "two brokers on one directory";
  } catch (const StoreError& error) {
    const std::string text = error.what();
    EXPECT_NE(text.find("is in use by process " + std::to_string(::getpid())), std::string::npos)
        << text;
  }
}

TEST(DataDir, TheLockGoesWithItsProcessHoweverThatEnds) {
  const TempDir dir;
  const ::pid_t child = ::fork();
  if (child == 0) {
    const DataDir held(dir.file("data"));
    ::_exit(0);  // Without a destructor, as a crash would.
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_NO_THROW(DataDir(dir.file("data")));
}

TEST(DataDir, RemovesWhatTransientStoresHaveLeft) {
  const TempDir dir;
  const DataDir data(dir.file("x.db-transient"));
  EXPECT_FALSE(data.remove_transient_files());
  for (const char* name : {"vhost-3.db", "vhost-3.db-transient", "vhost-3.db-transient-wal"})
    write_file(data.path() + "/" + name, "");
  EXPECT_TRUE(data.remove_transient_files());
  EXPECT_FALSE(std::filesystem::exists(data.path() + "/vhost-3.db-transient"));
  EXPECT_FALSE(std::filesystem::exists(data.path() + "/vhost-3.db-transient-wal"));
  EXPECT_TRUE(std::filesystem::exists(data.path() + "/vhost-3.db"));
}

TEST(DataDir, FindsAndRemovesTheFilesOfAVhost) {
  const TempDir dir;
  const DataDir data(dir.file("data"));
  for (const char* name : {"vhost-3.db", "vhost-3.db-wal", "vhost-3.db-shm", "vhost-3.db-bodies-7",
                           "vhost-3.db-redo", "vhost-3.db-transient-wal", "vhost-12.db"})
    write_file(data.path() + "/" + name, "");
  for (const char* name : {"vhost-x.db", "vhost-4.db.recovered", "leveret.db", "vhost-5.txt"})
    write_file(data.path() + "/" + name, "");
  std::vector<std::int64_t> ids = data.vhost_ids();
  std::ranges::sort(ids);
  EXPECT_EQ(ids, (std::vector<std::int64_t>{3, 12}));
  data.remove_vhost_files(3);
  data.remove_vhost_files(7);  // none there
  EXPECT_EQ(data.vhost_ids(), std::vector<std::int64_t>{12});
  EXPECT_FALSE(std::filesystem::exists(data.path() + "/vhost-3.db-wal"));
  EXPECT_FALSE(std::filesystem::exists(data.path() + "/vhost-3.db-bodies-7"));
  EXPECT_FALSE(std::filesystem::exists(data.path() + "/vhost-3.db-redo"));
  EXPECT_TRUE(std::filesystem::exists(data.path() + "/vhost-4.db.recovered"));
}

TEST(DataDir, SaysWhyItCannotBeMade) {
  const TempDir dir;
  write_file(dir.file("file"), "");
  EXPECT_THROW(DataDir(dir.file("file/data")), StoreError);
  EXPECT_THROW(DataDir(dir.file("file")), StoreError);
}

}  // namespace
}  // namespace leveret::store::test
