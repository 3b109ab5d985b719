#include "http/turnstile.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <string>
#include <vector>

namespace leveret::http {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using testing::ElementsAre;

/// A loop with owners who come through a turnstile; what happens is noted.
struct House {
  explicit House(std::size_t places, Turnstile::Share share = {})
      : turnstile(loop.get_executor(), places, share, [this] { return time; }) {}

  asio::awaitable<void> visit(std::string owner) {
    const Turnstile::Turn turn = co_await turnstile.take(owner);
    most = std::max(most, ++inside);
    entered.push_back(owner);
    co_await asio::post(loop, asio::use_awaitable);
    time += each_takes;
    --inside;
  }
  asio::awaitable<void> stay() {
    const Turnstile::Turn turn = co_await turnstile.take("lost");
    entered.emplace_back("lost");
    asio::steady_timer for_ever{co_await asio::this_coro::executor,
                                asio::steady_timer::time_point::max()};
    co_await for_ever.async_wait(asio::use_awaitable);
  }
  void come(const std::string& owner) { asio::co_spawn(loop, visit(owner), asio::detached); }

  asio::io_context loop;
  Turnstile::TimePoint time{};
  Turnstile::Duration each_takes{};
  Turnstile turnstile;
  std::vector<std::string> entered;
  std::size_t inside = 0;
  std::size_t most = 0;
};

TEST(Turnstile, LetsOneOfEachOwnerThroughInTurn) {
  House house{1};
  for (int i = 0; i < 3; ++i) house.come("greedy");
  house.come("modest");
  house.come("other");
  house.loop.run();
  EXPECT_THAT(house.entered, ElementsAre("greedy", "greedy", "modest", "other", "greedy"));
  EXPECT_EQ(house.most, 1U);
  EXPECT_EQ(house.turnstile.waiting(), 0U);
}

TEST(Turnstile, HasSoManyInsideAndNoMore) {
  House house{2};
  for (int i = 0; i < 20; ++i) house.come("owner " + std::to_string(i % 3));
  house.loop.run();
  EXPECT_EQ(house.entered.size(), 20U);
  EXPECT_EQ(house.most, 2U);
  house.come("later");
  house.loop.restart();
  house.loop.run();
  EXPECT_EQ(house.entered.back(), "later");
}

TEST(Turnstile, WhoeverHasUsedHisShareWaitsAndNobodyElse) {
  House house{1, {10, 2s}};
  house.each_takes = 1s;
  for (int i = 0; i < 5; ++i) house.come("greedy");
  for (int i = 0; i < 2; ++i) house.come("modest");
  house.loop.poll();
  // Two seconds at once and one that goes beyond; that was three of the five.
  EXPECT_THAT(house.entered, ElementsAre("greedy", "greedy", "modest", "greedy", "modest"));
  EXPECT_EQ(house.turnstile.waiting(), 2U);
  house.come("modest");
  house.loop.restart();
  house.loop.poll();
  EXPECT_EQ(house.entered.back(), "modest");
  EXPECT_EQ(house.turnstile.waiting(), 2U);
  // 30 seconds of a tenth are used up, less the 20 that may be had at once, since the start.
  house.time = Turnstile::TimePoint{} + 60s;
  house.come("other");
  house.loop.restart();
  house.loop.poll();
  EXPECT_EQ(house.turnstile.waiting(), 0U);
  EXPECT_EQ(std::ranges::count(house.entered, "greedy"), 5);
}

TEST(Turnstile, LetsInByItselfWhoHasWaitedForHisShare) {
  House house{1, {1, {}}};
  house.each_takes = 1ms;
  house.come("greedy");
  house.come("greedy");
  house.loop.poll();
  EXPECT_EQ(house.turnstile.waiting(), 1U);
  house.time += 1ms;
  house.loop.restart();
  house.loop.run();
  EXPECT_EQ(house.entered.size(), 2U);
}

TEST(Turnstile, OpensForEverybodyAtTheEnd) {
  House house{1, {1000, {}}};
  house.each_takes = 1h;
  for (int i = 0; i < 5; ++i) house.come("greedy");
  house.loop.poll();
  EXPECT_EQ(house.entered.size(), 1U);
  house.turnstile.open();
  house.loop.restart();
  house.loop.run();
  EXPECT_EQ(house.entered.size(), 5U);
}

TEST(Turnstile, IsLeftByWhoeverIsGivenUp) {
  House house{1};
  {
    asio::io_context other;
    asio::co_spawn(other, house.stay(), asio::detached);
    other.poll();
  }
  house.come("next");
  house.loop.run();
  EXPECT_THAT(house.entered, ElementsAre("lost", "next"));
}

}  // namespace
}  // namespace leveret::http
