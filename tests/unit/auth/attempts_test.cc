#include "auth/attempts.h"

#include <gtest/gtest.h>

namespace leveret::auth {
namespace {

Login by(Protocol protocol, std::string_view user, std::string_view address) {
  return {user, "", false, address, protocol};
}

TEST(Attempts, AreCountedByProtocol) {
  Attempts attempts;
  EXPECT_TRUE(attempts.totals().empty());
  attempts.note(by(Protocol::http, "ann", "::1"), true);
  attempts.note(by(Protocol::http, "bob", "::1"), false);
  ASSERT_EQ(attempts.totals().size(), 1U);
  EXPECT_EQ(attempts.totals()[0].protocol, Protocol::http);
  EXPECT_EQ(attempts.totals()[0].counts.succeeded, 1U);
  EXPECT_EQ(attempts.totals()[0].counts.failed, 1U);
}

TEST(Attempts, AreCountedBySource) {
  Attempts attempts;
  attempts.note(by(Protocol::amqp, "ann", "10.0.0.1"), true);
  attempts.note(by(Protocol::amqp, "ann", "10.0.0.2"), false);
  attempts.note(by(Protocol::amqp, "ann", "10.0.0.1"), true);
  const auto sources = attempts.sources();
  ASSERT_EQ(sources.size(), 2U);
  EXPECT_EQ(sources[0].address, "10.0.0.1");
  EXPECT_EQ(sources[0].counts.succeeded, 2U);
  attempts.clear();
  EXPECT_TRUE(attempts.sources().empty());
  EXPECT_TRUE(attempts.totals().empty());
}

TEST(Attempts, MadeUpNamesPushOutWhoWasHeardOfLeastRecently) {
  Attempts attempts;
  for (std::size_t i = 0; i <= Attempts::sources_max; ++i) {
    attempts.note(by(Protocol::amqp, "known", "10.0.0.1"), true);
    attempts.note(by(Protocol::amqp, "made up " + std::to_string(i), "10.0.0.1"), false);
  }
  const auto sources = attempts.sources();
  EXPECT_EQ(sources.size(), Attempts::sources_max);
  EXPECT_EQ(sources[1].user, "known");
  EXPECT_EQ(sources[1].counts.succeeded, Attempts::sources_max + 1);
  EXPECT_EQ(attempts.totals()[0].counts.failed, Attempts::sources_max + 1) << "totals lose nothing";
}

}  // namespace
}  // namespace leveret::auth
