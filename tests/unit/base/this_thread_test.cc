#include "base/this_thread.h"

#include <gtest/gtest.h>
#include <pthread.h>
#include <sched.h>
#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <string>
#include <thread>

namespace leveret {
namespace {

int nice_of_this_thread() {
  return getpriority(PRIO_PROCESS, static_cast<id_t>(gettid()));
}

TEST(ThisThread, GivesWayAloneAndHasAName) {
  const int before = nice_of_this_thread();
  std::thread{[before] {
    this_thread::set_name("polite");
    this_thread::give_way(5);
    EXPECT_EQ(nice_of_this_thread(), std::min(19, before + 5));
    this_thread::give_way(19);
    EXPECT_EQ(nice_of_this_thread(), 19);
    std::array<char, 16> name{};
    pthread_getname_np(pthread_self(), name.data(), name.size());
    EXPECT_EQ(std::string{name.data()}, "polite");
  }}.join();
  EXPECT_EQ(nice_of_this_thread(), before);
}

TEST(ThisThread, IsPromptAsItIs) {
  std::thread{[] {
    this_thread::give_way(5);
    const int before = nice_of_this_thread();
    this_thread::be_prompt();
    EXPECT_EQ(nice_of_this_thread(), before);
    EXPECT_EQ(sched_getscheduler(0), SCHED_OTHER);
  }}.join();
}

}  // namespace
}  // namespace leveret
