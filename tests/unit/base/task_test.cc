#include "base/task.h"

#include <gtest/gtest.h>

#include <memory>
#include <stdexcept>
#include <type_traits>
#include <utility>

namespace leveret {
namespace {

static_assert(!std::is_copy_constructible_v<Task>);
static_assert(!std::is_copy_assignable_v<Task>);
static_assert(std::is_nothrow_move_constructible_v<Task>);

TEST(Task, RunsACallableThatCannotBeCopied) {
  int seen = 0;
  Task task = [&seen, held = std::make_unique<int>(7)] { seen = *held; };
  task();
  EXPECT_EQ(seen, 7);
}

TEST(Task, EmptyOneIsFalse) {
  EXPECT_FALSE(Task{});
  EXPECT_TRUE(Task{[] {}});
}

TEST(Task, MovingEmptiesTheSource) {
  int runs = 0;
  Task first = [&runs] { ++runs; };
  Task second = std::move(first);
  EXPECT_FALSE(first);
  second();
  EXPECT_EQ(runs, 1);
}

TEST(Task, IsEmptyAndHasReleasedItsCaptureAfterTheRun) {
  const auto held = std::make_shared<int>(1);
  Task task = [copy = held] { EXPECT_EQ(*copy, 1); };
  EXPECT_EQ(held.use_count(), 2);
  task();
  EXPECT_FALSE(task);
  EXPECT_EQ(held.use_count(), 1);
}

TEST(Task, ReleasesItsCaptureWithoutARun) {
  const auto held = std::make_shared<int>(1);
  {
    const Task task = [copy = held] { EXPECT_EQ(*copy, 1); };
  }
  EXPECT_EQ(held.use_count(), 1);
}

TEST(Task, ReleasesItsCaptureWhenTheRunThrows) {
  const auto held = std::make_shared<int>(1);
  Task task = [copy = held] { throw std::runtime_error{"stop"}; };
  EXPECT_THROW(task(), std::runtime_error);
  EXPECT_FALSE(task);
  EXPECT_EQ(held.use_count(), 1);
}

TEST(Task, MayReplaceItselfWhileItRuns) {
  int runs = 0;
  Task task;
  task = [&] {
    ++runs;
    task = [&runs] { runs += 10; };
  };
  task();
  task();
  EXPECT_EQ(runs, 11);
}

}  // namespace
}  // namespace leveret
