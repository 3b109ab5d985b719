#include "watchdog.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>

#include "service_manager.h"

namespace leveret::server {
namespace {

using boost::asio::io_context;

const std::string food = "WATCHDOG=1";

/// A watchdog that wants to be fed all the time, and two loops besides its own.
class WatchdogTest : public ::testing::Test {
 protected:
  static Watchdog::Post post_to(io_context& io) {
    return [&io](std::function<void()> work) { boost::asio::post(io, std::move(work)); };
  }
  void start() { watchdog.start({post_to(one), post_to(other)}); }
  /// Lets the time of the next question come.
  void ask() { loop.run_one(); }

  const std::string name = "leveret-watchdog-test-" + std::to_string(getpid());
  test::ServiceManager manager{name};
  const Supervisor supervisor =
      test::supervisor_with({{"NOTIFY_SOCKET", "@" + name}, {"WATCHDOG_USEC", "2000"}});
  io_context loop;
  io_context one;
  io_context other;
  const boost::asio::executor_work_guard<io_context::executor_type> guards[3] = {
      make_work_guard(loop), make_work_guard(one), make_work_guard(other)};
  Watchdog watchdog{loop, supervisor};
};

TEST_F(WatchdogTest, IsFedAtOnceAndThenWhenEveryLoopHasAnswered) {
  start();
  EXPECT_EQ(manager.told(), food);
  ask();
  EXPECT_EQ(manager.told(), "");
  one.poll();
  loop.poll();
  EXPECT_EQ(manager.told(), "") << "one loop hangs";
  other.poll();
  loop.poll();
  EXPECT_EQ(manager.told(), food);
}

TEST_F(WatchdogTest, AsksNobodyWhileTheBrokerStops) {
  start();
  EXPECT_EQ(manager.told(), food);
  ask();
  watchdog.ask_no_more();
  EXPECT_EQ(manager.told(), food);
  // Old answers, and what comes after: there is always a next meal.
  one.poll();
  other.poll();
  for (int meals = 0; meals < 3; loop.run_one())
    if (manager.told() == food) ++meals;
}

TEST_F(WatchdogTest, WithoutOneNothingIsTold) {
  const Supervisor lenient = test::supervisor_with({{"NOTIFY_SOCKET", "@" + name}});
  Watchdog none{loop, lenient};
  none.start({post_to(one)});
  EXPECT_EQ(loop.poll() + one.poll(), 0U);
  EXPECT_EQ(manager.told(), "");
}

}  // namespace
}  // namespace leveret::server
