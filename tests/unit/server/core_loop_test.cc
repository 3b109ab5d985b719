#include "core_loop.h"

#include <gtest/gtest.h>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "broker/definitions.h"

namespace leveret::server {
namespace {

/// Counts the turns' ends, and keeps nothing.
struct CountingJournal final : broker::Journal {
  int flushes = 0;

  void put_exchange(const broker::ExchangeRecord&) override {}
  void drop_exchange(const std::string&) override {}
  void put_queue(const broker::QueueRecord&) override {}
  void drop_queue(QueueId, const std::string&) override {}
  void put_binding(const broker::BindingRecord&) override {}
  void drop_binding(const broker::BindingRecord&) override {}
  void put_policy(const broker::PolicyRecord&) override {}
  void drop_policy(broker::PolicyKind, const std::string&) override {}
  void append(QueueId, broker::Seq, broker::MessagePtr, broker::ContentId) override {}
  void remove(QueueId, broker::Seq, broker::ContentId, std::size_t) override {}
  void remove_range(QueueId, broker::Seq, broker::Seq) override {}
  void set_delivery_count(QueueId, broker::Seq, std::uint32_t) override {}
  void mark_delivered(QueueId, broker::Seq) override {}
  broker::CommitNumber current_commit() const override { return 1; }
  bool flush(broker::Urgency) override {
    ++flushes;
    return false;
  }
  std::size_t pending_bytes() const override { return 0; }
  void read(QueueId, broker::Seq, broker::Seq, std::size_t, std::size_t, broker::CommitNumber,
            ReadCallback) override {}
  void read_expired(QueueId, broker::Seq, broker::Seq, TimeMs, std::size_t,
                    ExpiredCallback) override {}
};

struct CoreLoopTest : testing::Test {
  boost::asio::io_context loop;
  Clock clock;
  CountingJournal journal;
  CountingJournal transient_store;
  broker::Vhost vhost{"/", journal, transient_store, broker::Limits{}};
  std::shared_ptr<CoreLoop> shared_core = std::make_shared<CoreLoop>(loop, clock, "/");
  CoreLoop& core = *shared_core;
  std::vector<std::string> order;

  CoreLoopTest() {
    vhost.begin_turn(clock.now());
    vhost.recover({});
    vhost.end_turn();
    journal.flushes = 0;
    core.set_vhost(vhost);
  }
  auto note(std::string text) {
    return [this, text = std::move(text)](broker::Vhost&) { order.push_back(text); };
  }
};

TEST_F(CoreLoopTest, RunsAtOnceOnItsOwnLoopAndLaterFromElsewhere) {
  core.run(note("from elsewhere"));
  boost::asio::post(loop, [this] {
    core.run(note("at once"));
    order.push_back("after");
  });
  EXPECT_TRUE(order.empty());
  loop.run();
  EXPECT_EQ(order, (std::vector<std::string>{"from elsewhere", "at once", "after"}));
  EXPECT_EQ(journal.flushes, 2);
}

TEST_F(CoreLoopTest, ARunInsideATurnIsPartOfIt) {
  core.run([this](broker::Vhost&) {
    core.run(note("inner"));
    order.push_back("outer");
  });
  loop.run();
  EXPECT_EQ(order, (std::vector<std::string>{"inner", "outer"}));
  EXPECT_EQ(journal.flushes, 1);
}

TEST_F(CoreLoopTest, APostIsATurnOfItsOwnEvenFromInsideOne) {
  core.run([this](broker::Vhost&) {
    core.post(note("posted"));
    order.push_back("first");
  });
  loop.run();
  EXPECT_EQ(order, (std::vector<std::string>{"first", "posted"}));
  EXPECT_EQ(journal.flushes, 2);
}

TEST_F(CoreLoopTest, KeepsTheOrderOfAnotherThread) {
  std::vector<int> numbers;
  {
    auto work = boost::asio::make_work_guard(loop);
    std::jthread producer{[&] {
      for (int i = 0; i < 1000; ++i)
        core.run([&numbers, i](broker::Vhost&) { numbers.push_back(i); });
      boost::asio::post(loop, [&] { work.reset(); });
    }};
    loop.run();
  }
  ASSERT_EQ(numbers.size(), 1000U);
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(numbers[static_cast<std::size_t>(i)], i);
}

TEST_F(CoreLoopTest, WakesForTheNextDeadline) {
  core.run([](broker::Vhost& host) {
    const broker::QueueSpec spec{.name = "brief", .arguments = {{"x-expires", std::int32_t{1}}}};
    host.declare_queue(spec, {});
  });
  loop.run();  // until no timer is left: the queue has expired
  EXPECT_EQ(vhost.find_queue(std::string_view{"brief"}), nullptr);
}

}  // namespace
}  // namespace leveret::server
