#include "auth/fair_work.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <memory>
#include <mutex>

namespace leveret::auth {
namespace {

using testing::ElementsAre;

TEST(FairWork, TakesOneOfEachOwnerInTurn) {
  FairWork pool{1};
  std::promise<void> gate;
  pool.submit("first", [opened = gate.get_future().share()] { opened.wait(); });
  std::vector<std::string> done;
  const auto note = [&](const std::string& owner) {
    pool.submit(owner, [&done, owner] { done.push_back(owner); });
  };
  for (int i = 0; i < 3; ++i) note("greedy");
  note("modest");
  note("other");
  note("other");
  std::promise<void> end;
  pool.submit("last", [&end] { end.set_value(); });
  gate.set_value();
  end.get_future().wait();
  pool.stop();
  done.resize(3);
  EXPECT_THAT(done, ElementsAre("greedy", "modest", "other"));
}

TEST(FairWork, DoesAllThereIs) {
  std::mutex mutex;
  int count = 0;
  std::promise<void> end;
  FairWork pool{3};
  for (int i = 0; i < 300; ++i)
    pool.submit(std::to_string(i % 7), [&] {
      const std::lock_guard lock{mutex};
      if (++count == 300) end.set_value();
    });
  end.get_future().wait();
}

TEST(FairWork, LetsGoOfWhatWaitsWhenItStops) {
  const auto held = std::make_shared<int>();
  std::promise<void> started;
  std::promise<void> gate;
  FairWork pool{1};
  pool.submit("a", [&] {
    started.set_value();
    gate.get_future().wait();
  });
  started.get_future().wait();
  for (int i = 0; i < 5; ++i) pool.submit("a", [held] { FAIL() << "it has stopped"; });
  std::thread stopper{[&] { pool.stop(); }};
  for (bool is_stopping = false; !is_stopping;) {
    const auto probe = std::make_shared<int>();
    pool.submit("b", [probe] {});
    is_stopping = probe.use_count() == 1;
  }
  gate.set_value();
  stopper.join();
  pool.submit("a", [held] { FAIL() << "it has stopped"; });
  EXPECT_EQ(held.use_count(), 1);
}

}  // namespace
}  // namespace leveret::auth
