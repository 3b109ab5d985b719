#include "watermark.h"

#include <gtest/gtest.h>

#include "alarm_watch.h"

namespace leveret::server {
namespace {

using Texts = std::vector<std::string>;

constexpr std::uint64_t gibibyte = std::uint64_t{1} << 30U;

TEST(Watermark, IsBytesOrAShareOrTheLessOfBoth) {
  EXPECT_EQ(Watermark::parse(std::int64_t{4096})->of(gibibyte), 4096U);
  EXPECT_EQ(Watermark::parse(Texts{"2 GiB"})->of(gibibyte), 2 * gibibyte);
  EXPECT_EQ(Watermark::parse(Texts{"50%"})->of(200), 100U);
  const auto both = Watermark::parse(Texts{"256 MiB", "10%"});
  EXPECT_EQ(both->of(100 * gibibyte), gibibyte / 4);
  EXPECT_EQ(both->of(gibibyte), gibibyte / 100 * 10);
  EXPECT_EQ(Watermark::parse(Texts{"10%, 256 MiB"}), both);
}

TEST(Watermark, MayBeNone) {
  for (const GivenValue& none :
       {GivenValue{Texts{"none"}}, GivenValue{Texts{"0"}}, GivenValue{std::int64_t{0}}}) {
    ASSERT_TRUE(Watermark::parse(none));
    EXPECT_EQ(Watermark::parse(none)->of(gibibyte), std::nullopt);
  }
}

TEST(Watermark, IsReadAsItIsShown) {
  for (const Texts& texts : {Texts{"256 MiB", "10%"}, Texts{"none"}, Texts{"1%"}, Texts{"1025"}})
    EXPECT_EQ(Watermark::parse(texts)->texts(), texts);
}

TEST(Watermark, OfNoKnownFormIsRefused) {
  for (const Texts& texts :
       {Texts{}, Texts{""}, Texts{"0%"}, Texts{"101%"}, Texts{"-1"}, Texts{"half"},
        Texts{"1 MiB", "2 MiB"}, Texts{"1%", "2%"}, Texts{"none", "1%"}, Texts{"1.5%"}})
    EXPECT_FALSE(Watermark::parse(texts));
  EXPECT_FALSE(Watermark::parse(std::int64_t{-1}));
  EXPECT_FALSE(Watermark::parse(true));
}

TEST(AlarmSwitch, GoesOffATenthWithinItsLimitOnly) {
  AlarmSwitch memory;
  EXPECT_FALSE(memory.is_over(1000, 1000));
  EXPECT_TRUE(memory.is_over(1001, 1000));
  EXPECT_TRUE(memory.is_over(901, 1000));
  EXPECT_FALSE(memory.is_over(900, 1000));
  EXPECT_FALSE(memory.is_over(1000, 1000));
  AlarmSwitch disk;
  EXPECT_FALSE(disk.is_under(1000, 1000));
  EXPECT_TRUE(disk.is_under(999, 1000));
  EXPECT_TRUE(disk.is_under(1099, 1000));
  EXPECT_FALSE(disk.is_under(1100, 1000));
}

TEST(AlarmSwitch, IsOffWithoutALimit) {
  AlarmSwitch alarm;
  EXPECT_TRUE(alarm.is_over(2, 1));
  EXPECT_FALSE(alarm.is_over(2, std::nullopt));
  EXPECT_FALSE(alarm.is_under(0, std::nullopt));
}

TEST(AlarmWatch, TellsOfWhatNewLimitsBring) {
  std::mutex mutex;
  std::condition_variable changed;
  std::vector<broker::Alarms> told;
  AlarmWatch watch{{.memory = {}, .disk_free = {}}, "/", [&](broker::Alarms alarms) {
                     const std::lock_guard lock{mutex};
                     told.push_back(alarms);
                     changed.notify_all();
                   }};
  const auto await = [&](std::size_t count) {
    std::unique_lock lock{mutex};
    changed.wait(lock, [&] { return told.size() == count; });
    return told.back();
  };
  watch.set_limits({.memory = {.bytes = 1}, .disk_free = {}});
  EXPECT_EQ(await(1), broker::Alarms{.memory = true});
  watch.set_limits({.memory = {.bytes = 1}, .disk_free = {.percent = 100}});
  EXPECT_EQ(await(2), (broker::Alarms{.memory = true, .disk = true}));
  EXPECT_EQ(watch.marks().memory_limit, 1U);
  EXPECT_GT(watch.marks().disk_free_limit, 0U);
  watch.set_limits({.memory = {}, .disk_free = {}});
  EXPECT_EQ(await(3), broker::Alarms{});
}

}  // namespace
}  // namespace leveret::server
