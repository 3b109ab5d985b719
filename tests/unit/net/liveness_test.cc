#include "net/liveness.h"

#include <gtest/gtest.h>

namespace leveret::net {
namespace {

using Verdict = Liveness::Verdict;
using Seen = Liveness::Observation;

TEST(Liveness, LooksAtHalfTheIntervalAndAtLeastEveryTenSeconds) {
  EXPECT_EQ(Liveness(1, 30'000, 0).period_ms(), 500);
  EXPECT_EQ(Liveness(60, 30'000, 0).period_ms(), 10'000);
  EXPECT_EQ(Liveness(0, 30'000, 0).period_ms(), 10'000);
}

TEST(Liveness, SendsAHeartbeatWhenNothingWasSentForHalfTheInterval) {
  Liveness liveness{10, 30'000, 0};
  EXPECT_EQ(liveness.check({.now = 4'000, .received_bytes = 1}), Verdict::fine);
  EXPECT_EQ(liveness.check({.now = 5'000, .received_bytes = 2}), Verdict::heartbeat_is_due);
  EXPECT_EQ(liveness.check({.now = 9'000, .received_bytes = 3, .sent_bytes = 8}), Verdict::fine);
  EXPECT_EQ(liveness.check({.now = 14'000, .received_bytes = 4, .sent_bytes = 8}),
            Verdict::heartbeat_is_due);
}

TEST(Liveness, SendsNoHeartbeatBehindOutputThatWaits) {
  Liveness liveness{10, 30'000, 0};
  EXPECT_EQ(liveness.check({.now = 5'000, .received_bytes = 1, .is_output_pending = true}),
            Verdict::fine);
}

TEST(Liveness, APeerIsSilentAfterTwoIntervalsWithoutAByte) {
  Liveness liveness{10, 30'000, 0};
  EXPECT_EQ(liveness.check({.now = 5'000, .received_bytes = 1, .sent_bytes = 1}), Verdict::fine);
  EXPECT_EQ(liveness.check({.now = 24'000, .received_bytes = 1, .sent_bytes = 2}), Verdict::fine);
  EXPECT_EQ(liveness.check({.now = 25'000, .received_bytes = 1, .sent_bytes = 3}),
            Verdict::peer_is_silent);
}

TEST(Liveness, SilenceDoesNotCountWhileWeDoNotRead) {
  Liveness liveness{10, 30'000, 0};
  EXPECT_EQ(liveness.check({.now = 30'000, .sent_bytes = 1, .is_reading_paused = true}),
            Verdict::fine);
  EXPECT_EQ(liveness.check({.now = 49'000, .sent_bytes = 2}), Verdict::fine);
  EXPECT_EQ(liveness.check({.now = 50'000, .sent_bytes = 3}), Verdict::peer_is_silent);
}

TEST(Liveness, AMessageThatIsHeldForTooLongIsStuck) {
  Liveness liveness{0, 30'000, 0};
  const auto held = [](TimeMs now) {
    return Seen{.now = now, .is_reading_paused = true, .is_message_held = true};
  };
  EXPECT_EQ(liveness.check({.now = 10'000}), Verdict::fine);
  EXPECT_EQ(liveness.check(held(20'000)), Verdict::fine);
  EXPECT_EQ(liveness.check({.now = 30'000}), Verdict::fine);
  EXPECT_EQ(liveness.check(held(59'000)), Verdict::fine);
  EXPECT_EQ(liveness.check(held(60'000)), Verdict::message_is_stuck);
}

TEST(Liveness, WithoutAnIntervalSilenceIsFine) {
  Liveness liveness{0, 30'000, 0};
  EXPECT_EQ(liveness.check({.now = 1'000'000}), Verdict::fine);
}

TEST(Liveness, APeerThatTakesNothingIsStalled) {
  Liveness liveness{0, 30'000, 0};
  const auto pending = [](TimeMs now, std::uint64_t sent) {
    return Seen{.now = now, .sent_bytes = sent, .is_output_pending = true};
  };
  EXPECT_EQ(liveness.check(pending(10'000, 5)), Verdict::fine);
  EXPECT_EQ(liveness.check(pending(39'000, 5)), Verdict::fine);
  EXPECT_EQ(liveness.check(pending(40'000, 5)), Verdict::peer_is_stalled);
}

TEST(Liveness, ASlowPeerIsNotStalled) {
  Liveness liveness{0, 30'000, 0};
  for (TimeMs now = 0; now < 1'000'000; now += 10'000)
    EXPECT_EQ(
        liveness.check(
            {.now = now, .sent_bytes = static_cast<std::uint64_t>(now), .is_output_pending = true}),
        Verdict::fine);
}

}  // namespace
}  // namespace leveret::net
