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
#include <string>
#include <vector>

namespace leveret::http {
namespace {

namespace asio = boost::asio;
using testing::ElementsAre;

/// A loop with owners who come through a turnstile; what happens is noted.
struct House {
  explicit House(std::size_t places) : turnstile(loop.get_executor(), places) {}

  asio::awaitable<void> visit(std::string owner) {
    const Turnstile::Turn turn = co_await turnstile.take(owner);
    most = std::max(most, ++inside);
    entered.push_back(owner);
    co_await asio::post(loop, asio::use_awaitable);
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
