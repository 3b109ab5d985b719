#include "store/checkpointer.h"

#include <gtest/gtest.h>

#include "harness.h"

namespace leveret::store::test {
namespace {

// A round tells what the log had when it began. Commits that came since then would keep the log
// from starting anew for ever if nobody finished it between two of them.
TEST(Checkpointer, AsksTheWriterToFinishEvenIfItsOwnRoundSawTheWholeLog) {
  const TempDir dir;
  Connection writer(dir.file("x.db"), {});
  writer.execute("PRAGMA journal_mode = WAL");
  writer.execute("CREATE TABLE t (a INTEGER)");
  Connection own(dir.file("x.db"), {});
  std::string fatal;
  Failure failure([&](const std::string& text) { fatal = text; });
  Checkpointer checkpointer(own, {.begin = 1, .finish = 1000, .rest = 10}, failure);
  checkpointer.wal_has(2);
  EXPECT_TRUE(checkpointer.step());
  EXPECT_TRUE(checkpointer.take_finish_request());
  EXPECT_EQ(fatal, "");
}

}  // namespace
}  // namespace leveret::store::test
