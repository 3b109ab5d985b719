#include "http/occupancy.h"

#include <gtest/gtest.h>

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/limit_counts.h"
#include "http/error.h"

namespace leveret::http {
namespace {

struct Bench {
  Occupancy occupancy{{.connections_max = 3,
                       .connections_per_address_max = 2,
                       .requests_max = 1,
                       .buffered_bytes_max = 100}};
};

std::string refusal(const std::function<void()>& ask) {
  try {
    ask();
  } catch (const HttpError& error) {
    EXPECT_EQ(error.status, 503);
    return error.what();
  }
  return "";
}

TEST(Occupancy, ConnectionsAreLimitedByAddressAndTogether) {
  const std::uint64_t of_address = limits_reached.of(Limit::http_connections_per_address);
  const std::uint64_t of_all = limits_reached.of(Limit::http_connections);
  Bench bench;
  std::vector<Occupancy::Place> places;
  places.push_back(bench.occupancy.admit("a"));
  places.push_back(bench.occupancy.admit("a"));
  EXPECT_EQ(refusal([&] { bench.occupancy.admit("a"); }),
            "too many connections from a: http.connections_per_address_max is 2");
  places.push_back(bench.occupancy.admit("b"));
  EXPECT_EQ(refusal([&] { bench.occupancy.admit("c"); }),
            "too many connections: http.connections_max is 3");
  EXPECT_EQ(limits_reached.of(Limit::http_connections_per_address) - of_address, 1U);
  EXPECT_EQ(limits_reached.of(Limit::http_connections) - of_all, 1U);
  places.clear();
  EXPECT_EQ(bench.occupancy.connections(), 0U);
  EXPECT_EQ(refusal([&] { places.push_back(bench.occupancy.admit("a")); }), "");
}

TEST(Occupancy, AFullAddressTakesNoPlaceFromOthers) {
  Bench bench;
  const auto one = bench.occupancy.admit("a");
  const auto two = bench.occupancy.admit("a");
  for (int i = 0; i < 10; ++i) refusal([&] { bench.occupancy.admit("a"); });
  EXPECT_EQ(bench.occupancy.connections(), 2U);
}

TEST(Occupancy, RequestsThatAreAnsweredAtATimeAreLimited) {
  Bench bench;
  {
    const Share share = bench.occupancy.begin_request();
    EXPECT_EQ(refusal([&] { bench.occupancy.begin_request(); }),
              "too many requests are being answered: http.requests_max is 1");
  }
  EXPECT_EQ(refusal([&] { bench.occupancy.begin_request(); }), "");
}

TEST(Occupancy, LongAnswersOfOneUserLeaveRoomForTheOthers) {
  Limits limits;
  limits.requests_max = 8;
  const Occupancy occupancy{limits};
  EXPECT_EQ(refusal([&] { occupancy.admit_to_wait(1); }), "");
  EXPECT_EQ(refusal([&] { occupancy.admit_to_wait(2); }),
            "too many long answers that you have asked for wait for their turn: one user at one "
            "address may have 2, a quarter of http.requests_max");
}

TEST(Occupancy, OneLongAnswerMayAlwaysWait) {
  Limits limits;
  limits.requests_max = 1;
  EXPECT_EQ(refusal([&] { Occupancy{limits}.admit_to_wait(0); }), "");
}

TEST(Occupancy, BytesAreLimitedTogetherAndGivenBack) {
  Bench bench;
  std::optional<Share> half = bench.occupancy.hold(60);
  EXPECT_NE(refusal([&] { bench.occupancy.hold(41); }), "");
  Share other = bench.occupancy.hold(40);
  half.reset();
  other = bench.occupancy.hold(50);
  EXPECT_EQ(bench.occupancy.buffered_bytes(), 50U);
  EXPECT_NE(refusal([&] { bench.occupancy.hold(~std::size_t{0}); }), "");
}

TEST(Occupancy, LimitsThatAreLoweredKeepWhatIsThere) {
  Bench bench;
  const auto one = bench.occupancy.admit("a");
  const auto two = bench.occupancy.admit("b");
  bench.occupancy.set_limits({.connections_max = 1});
  EXPECT_NE(refusal([&] { bench.occupancy.admit("c"); }), "");
  EXPECT_EQ(bench.occupancy.connections(), 2U);
}

}  // namespace
}  // namespace leveret::http
