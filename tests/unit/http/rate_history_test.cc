#include "http/rate_history.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "http/sampler.h"

namespace leveret::http {
namespace {

constexpr TimeMs second = 1000;

VhostSample sample_at(TimeMs time) {
  VhostSample sample;
  sample.vhost = "/";
  sample.time = time;
  return sample;
}

void add(RateHistory& history, VhostSample sample) {
  std::vector<VhostSample> samples;
  samples.push_back(std::move(sample));
  history.add(samples);
}

VhostSample with_exchange(TimeMs time, std::uint64_t serial, std::uint64_t publish_in) {
  VhostSample sample = sample_at(time);
  sample.activity.exchanges.push_back({serial, publish_in, 2 * publish_in});
  return sample;
}

VhostSample with_queues(TimeMs time, std::size_t first, std::size_t count, std::uint64_t ready) {
  VhostSample sample = sample_at(time);
  for (std::size_t i = first; i < first + count; ++i) {
    broker::QueueView queue;
    queue.name = "q" + std::to_string(i);
    queue.ready = ready;
    sample.queues.push_back(std::move(queue));
  }
  return sample;
}

std::size_t histories(const RateHistory& history, std::size_t first, std::size_t count) {
  std::size_t found = 0;
  for (std::size_t i = first; i < first + count; ++i)
    if (const MessageTrack* track = history.find("/", "q" + std::to_string(i)))
      found += track->history ? 1 : 0;
  return found;
}

TEST(RateHistory, AnExchangeHasAPastOnceSomethingHappens) {
  RateHistory history;
  add(history, with_exchange(100 * second, 7, 5));
  ASSERT_NE(history.find_exchange("/", 7), nullptr);
  EXPECT_EQ(history.find_exchange("/", 7)->history, nullptr);
  add(history, with_exchange(200 * second, 7, 8));
  const PairTrack* track = history.find_exchange("/", 7);
  ASSERT_NE(track->history, nullptr);
  // What it had been until then is known too.
  EXPECT_EQ(track->history->at(150 * second, 0), 5U);
  EXPECT_EQ(track->history->at(200 * second, 0), 8U);
  EXPECT_EQ(track->history->at(200 * second, 1), 16U);
}

TEST(RateHistory, ConnectionsAndChannelsHaveOneToo) {
  RateHistory history;
  for (TimeMs time = 0; time < 20; time += 5) {
    VhostSample sample = sample_at(time * second);
    const auto count = static_cast<std::uint64_t>(time);
    broker::Traffic traffic;
    traffic.received_octets = count;
    traffic.sent_octets = 3;
    sample.activity.connections.push_back({1, traffic});
    broker::MessageStats stats;
    stats.publish = count;
    sample.activity.channels.push_back({2, stats});
    add(history, std::move(sample));
  }
  ASSERT_NE(history.find_connection("/", 1)->history, nullptr);
  EXPECT_EQ(history.find_connection("/", 1)->history->at(11 * second, 0), 10U);
  EXPECT_EQ(history.find_connection("/", 1)->history->at(11 * second, 1), 3U);
  ASSERT_NE(history.find_channel("/", 2)->history, nullptr);
  EXPECT_EQ(history.find_connection("/", 2), nullptr);
}

TEST(RateHistory, OneThatIsQuietForLongCostsNoHistory) {
  RateHistory history;
  add(history, with_exchange(0, 7, 0));
  TimeMs time = 5;
  add(history, with_exchange(time * second, 7, 1));
  EXPECT_NE(history.find_exchange("/", 7)->history, nullptr);
  for (; time < 700; time += 5) add(history, with_exchange(time * second, 7, 1));
  EXPECT_EQ(history.find_exchange("/", 7)->history, nullptr);
}

TEST(RateHistory, WhatIsGoneIsForgotten) {
  RateHistory history;
  add(history, with_exchange(0, 7, 0));
  add(history, with_exchange(5 * second, 8, 0));
  EXPECT_EQ(history.find_exchange("/", 7), nullptr);
  EXPECT_NE(history.find_exchange("/", 8), nullptr);
}

TEST(RateHistory, NeverKeepsMoreHistoriesThanItMay) {
  RateHistory history;
  const auto both = [](TimeMs time, std::uint64_t early, std::uint64_t late) {
    VhostSample sample = with_queues(time, 0, 1500, early);
    for (auto& queue : with_queues(time, 1500, 1500, late).queues)
      sample.queues.push_back(std::move(queue));
    return sample;
  };
  add(history, both(0, 0, 0));
  add(history, both(5 * second, 0, 1));
  EXPECT_EQ(histories(history, 1500, 1500), 1500U);
  // Those that come later are the first that are noted.
  add(history, both(10 * second, 1, 1));
  EXPECT_EQ(histories(history, 1500, 1500), 1500U);
  EXPECT_EQ(histories(history, 0, 1500), 500U);
  // And what one has given up another may have.
  add(history, with_queues(15 * second, 0, 1500, 2));
  add(history, with_queues(20 * second, 0, 1500, 3));
  EXPECT_EQ(histories(history, 0, 1500), 1500U);
}

}  // namespace
}  // namespace leveret::http
