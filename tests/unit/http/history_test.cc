#include "http/history.h"

#include <gtest/gtest.h>

#include <array>
#include <chrono>

#include "http/error.h"

namespace leveret::http {
namespace {

void add(History& history, TimeMs second, std::uint64_t value) {
  history.add(second * 1000, std::array<std::uint64_t, 1>{value});
}

TEST(History, KnowsWhatItWas) {
  History history{1, {.step_s = 5, .count = 4}};
  add(history, 100, 1);
  add(history, 105, 2);
  add(history, 110, 2);
  add(history, 115, 4);
  EXPECT_EQ(history.at(99'999, 0), 0U);
  EXPECT_EQ(history.at(104'000, 0), 1U);
  EXPECT_EQ(history.at(112'000, 0), 2U);
  EXPECT_EQ(history.at(1'000'000, 0), 4U);
  EXPECT_DOUBLE_EQ(history.rate(0), 2 / 5.0);
}

TEST(History, TakesOneSampleAStep) {
  History history{1, {.step_s = 5, .count = 4}};
  add(history, 100, 1);
  add(history, 104, 9);
  EXPECT_EQ(history.at(104'000, 0), 1U);
}

TEST(History, QuietCostsOneSampleAndTheOldGo) {
  History history{1, {.step_s = 5, .count = 4}};
  for (TimeMs second = 0; second < 10'000; second += 5) add(history, second, 7);
  EXPECT_EQ(history.sample_count(), 1U);
  for (TimeMs second = 10'000; second < 20'000; second += 5)
    add(history, second, static_cast<std::uint64_t>(second));
  EXPECT_LE(history.sample_count(), 5U);
  EXPECT_EQ(history.at(19'980'000, 0), 19'980U);
}

TEST(History, SamplesAreWrittenAsRabbitMQDoes) {
  History history{1, {.step_s = 5, .count = 121}};
  add(history, 1000, 0);
  add(history, 1055, 6);
  Json details{{"rate", 0.0}};
  put_samples(details, history, 0, {.age_s = 15, .incr_s = 5}, 1'062'000);
  EXPECT_EQ(details["samples"].dump(),
            R"([{"sample":6,"timestamp":1060000},{"sample":6,"timestamp":1055000},)"
            R"({"sample":0,"timestamp":1050000},{"sample":0,"timestamp":1045000}])");
  EXPECT_EQ(details["avg"], 3.0);
  EXPECT_EQ(details["avg_rate"], 0.4);
}

TEST(History, ALongOneReachesBackAtCoarserSteps) {
  LongHistory history{1};
  for (TimeMs second = 0; second < 7200; second += 5)
    history.add(second * 1000, std::array<std::uint64_t, 1>{static_cast<std::uint64_t>(second)});
  EXPECT_EQ(history.reaching(600).at(7195'000, 0), 7195U);
  EXPECT_EQ(history.reaching(3600).at(3600'000, 0), 3600U);
  EXPECT_EQ(history.reaching(1'000'000).at(7195'000, 0), 5400U);
}

int status_of(const char* query) {
  try {
    read_sample_ranges(Query{query});
  } catch (const HttpError& error) {
    return error.status;
  }
  return 200;
}

TEST(History, AbsurdRangesAreRefused) {
  EXPECT_EQ(status_of("lengths_age=60&lengths_incr=5"), 200);
  EXPECT_EQ(status_of("lengths_age=60"), 200);
  for (const char* query :
       {"lengths_age=1000000000000000000&lengths_incr=1",
        "lengths_age=99999999999999999999999&lengths_incr=1",
        "lengths_age=1000000000000000000&lengths_incr=1000000000000000000",
        "msg_rates_age=-5&msg_rates_incr=5", "data_rates_age=60&data_rates_incr=0",
        "node_stats_age=x&node_stats_incr=5"})
    EXPECT_EQ(status_of(query), 400) << query;
}

TEST(History, AnAnswerHasOnlySoManySamples) {
  SampleRanges ranges;
  ranges.msg_rates = SampleRange{.age_s = 500, .incr_s = 1};
  EXPECT_EQ(sample_count(ranges), 501U);
  SampleAllowance allowance{ranges};
  for (int item = 0; item < 59; ++item) ASSERT_TRUE(allowance.next().msg_rates) << item;
  EXPECT_FALSE(allowance.next().msg_rates);
  EXPECT_FALSE(allowance.next().msg_rates);
}

}  // namespace
}  // namespace leveret::http
