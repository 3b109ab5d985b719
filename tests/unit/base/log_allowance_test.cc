#include "base/log_allowance.h"

#include <gtest/gtest.h>

namespace leveret {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

LogAllowance::Time at(milliseconds since) {
  return LogAllowance::Time{} + seconds{1000} + since;
}

TEST(LogAllowance, AFewAreAllTold) {
  LogAllowance allowance;
  for (int i = 0; i < LogAllowance::lines_at_once; ++i)
    EXPECT_EQ(allowance.take(at(milliseconds{i})), 0U);
}

TEST(LogAllowance, AFloodIsALineASecondThatTellsTheRest) {
  LogAllowance allowance;
  int lines = 0;
  std::uint64_t told = 0;
  for (int i = 0; i < 100'000; ++i) {
    const auto unwritten = allowance.take(at(milliseconds{i}));
    if (!unwritten) continue;
    ++lines;
    told += *unwritten;
  }
  EXPECT_EQ(lines, LogAllowance::lines_at_once + 99);
  EXPECT_GE(told + static_cast<std::uint64_t>(lines), 99'000U);
}

TEST(LogAllowance, AfterAWhileThereAreLinesAgain) {
  LogAllowance allowance;
  for (int i = 0; i < 1000; ++i) allowance.take(at(milliseconds{0}));
  EXPECT_EQ(allowance.take(at(seconds{60})), 1000U - LogAllowance::lines_at_once);
  for (int i = 1; i < LogAllowance::lines_at_once; ++i)
    EXPECT_EQ(allowance.take(at(seconds{60})), 0U);
  EXPECT_FALSE(allowance.take(at(seconds{60})));
}

}  // namespace
}  // namespace leveret
