#include "store/data_dir.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

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

TEST(DataDir, SaysWhyItCannotBeMade) {
  const TempDir dir;
  write_file(dir.file("file"), "");
  EXPECT_THROW(DataDir(dir.file("file/data")), StoreError);
  EXPECT_THROW(DataDir(dir.file("file")), StoreError);
}

}  // namespace
}  // namespace leveret::store::test
