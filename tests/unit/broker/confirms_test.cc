#include "broker/confirms.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace leveret::broker {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::string> collect(Confirms& confirms) {
  std::vector<Outgoing> out;
  confirms.collect(1, out);
  std::vector<std::string> lines;
  for (const Outgoing& record : out) {
    const auto& confirm = std::get<Confirm>(record);
    lines.push_back((confirm.is_nack ? "nack " : "ack ") + std::to_string(confirm.delivery_tag) +
                    (confirm.multiple ? " multiple" : ""));
  }
  return lines;
}

void publish(Confirms& confirms, CommitNumber commit, std::uint32_t copies) {
  confirms.add(commit);
  confirms.set_stored_copies(copies);
}

TEST(Confirms, WhatIsNotStoredIsSafeAtOnce) {
  Confirms confirms;
  publish(confirms, 5, 0);
  EXPECT_THAT(collect(confirms), ElementsAre("ack 1"));
}

TEST(Confirms, WhatIsStoredWaitsForItsCommit) {
  Confirms confirms;
  publish(confirms, 5, 1);
  confirms.committed(4);
  EXPECT_THAT(collect(confirms), IsEmpty());
  confirms.committed(5);
  EXPECT_THAT(collect(confirms), ElementsAre("ack 1"));
}

TEST(Confirms, SeveralAtOnceAreOneAck) {
  Confirms confirms;
  for (int i = 0; i < 5; ++i) publish(confirms, 1, 1);
  publish(confirms, 2, 1);
  confirms.committed(1);
  EXPECT_THAT(collect(confirms), ElementsAre("ack 5 multiple"));
  confirms.committed(2);
  EXPECT_THAT(collect(confirms), ElementsAre("ack 6"));
}

TEST(Confirms, AnEarlierOneHoldsBackALaterOne) {
  Confirms confirms;
  publish(confirms, 1, 1);
  publish(confirms, 1, 0);
  EXPECT_THAT(collect(confirms), IsEmpty());
  confirms.committed(1);
  EXPECT_THAT(collect(confirms), ElementsAre("ack 2 multiple"));
}

TEST(Confirms, AllCopiesSettledIsSafeBeforeTheCommit) {
  Confirms confirms;
  publish(confirms, 1, 2);
  confirms.copy_settled(1);
  EXPECT_THAT(collect(confirms), IsEmpty());
  confirms.copy_settled(1);
  EXPECT_THAT(collect(confirms), ElementsAre("ack 1"));
}

TEST(Confirms, ACopyMayBeSettledWhileThePublishGoesOn) {
  Confirms confirms;
  confirms.add(1);
  confirms.copy_settled(1);
  EXPECT_THAT(collect(confirms), IsEmpty());
  confirms.set_stored_copies(1);
  EXPECT_THAT(collect(confirms), ElementsAre("ack 1"));
}

TEST(Confirms, SettlingWhatWasConfirmedIsIgnored) {
  Confirms confirms;
  publish(confirms, 1, 1);
  confirms.committed(1);
  collect(confirms);
  confirms.copy_settled(1);
  confirms.copy_settled(99);
  publish(confirms, 2, 1);
  EXPECT_THAT(collect(confirms), IsEmpty());
  confirms.copy_settled(2);
  EXPECT_THAT(collect(confirms), ElementsAre("ack 2"));
}

TEST(Confirms, ARefusedOneIsANackInItsPlace) {
  Confirms confirms;
  publish(confirms, 1, 0);
  publish(confirms, 1, 0);
  confirms.add(1);
  confirms.set_refused();
  publish(confirms, 1, 0);
  publish(confirms, 1, 0);
  EXPECT_THAT(collect(confirms), ElementsAre("ack 2 multiple", "nack 3", "ack 5 multiple"));
}

}  // namespace
}  // namespace leveret::broker
