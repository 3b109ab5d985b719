#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/broker/support/test_client.h"

namespace leveret::broker::test {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::StartsWith;
using ::testing::UnorderedElementsAre;

struct Bench {
  explicit Bench(Limits limits = {}) : broker(limits) {
    client.declare("q", {.durable = true,
                         .arguments = {{"x-dead-letter-exchange", ""},
                                       {"x-dead-letter-routing-key", "dead"}}});
    client.declare("r", {.durable = true}).declare("dead", {.durable = true});
    client.tx_select().ignore();
  }
  TestBroker broker;
  TestClient client{broker};
};

TEST(ChannelTx, PublishesAppearAtTheCommit) {
  Bench bench;
  bench.client.send("q", "1").send("r", "2");
  EXPECT_EQ(bench.broker.ready("q"), 0U);
  bench.client.tx_commit();
  EXPECT_THAT(bench.client.received(), ElementsAre("tx.commit-ok"));
  EXPECT_THAT(bench.broker.browse("q"), ElementsAre("1"));
  EXPECT_THAT(bench.broker.browse("r"), ElementsAre("2"));
}

TEST(ChannelTx, WhatAConnectionMayPublishInTransactionsIsBounded) {
  Bench bench{{.transaction_bytes_max = 4000}};
  TestClient& client = bench.client;
  client.send("q", std::string(9000, 'x')).tx_commit();
  EXPECT_THAT(client.received(), ElementsAre("tx.commit-ok"));  // one is always let in
  client.send("q", std::string(1500, 'x')).open(2).on(2).tx_select().ignore();
  client.send("q", std::string(1500, 'x')).send("q", std::string(1500, 'x'));
  EXPECT_THAT(
      client.received(),
      ElementsAre("2: channel.close 406 PRECONDITION_FAILED - the open transactions of this "
                  "connection have published more than 4000 bytes"));
  client.close_channel_ok(2);
  client.on(1).send("q", std::string(1500, 'x')).tx_commit();
  EXPECT_THAT(client.received(), ElementsAre("tx.commit-ok"));
  EXPECT_EQ(bench.broker.ready("q"), 3U);
}

// Until the commit they are held like any other, and come back when the channel closes.
TEST(ChannelTx, BrowsingShowsWhatAnOpenTransactionSettles) {
  Bench bench;
  bench.client.send("q", "1").send("q", "2").tx_commit().get("q").get("q").ack(1);
  EXPECT_THAT(bench.broker.browse("q"), ElementsAre("1", "2"));
  bench.client.tx_commit();
  EXPECT_THAT(bench.broker.browse("q"), ElementsAre("2"));
}

TEST(ChannelTx, RollbackForgetsPublishes) {
  Bench bench;
  bench.client.send("q", "1").tx_rollback().tx_commit();
  EXPECT_THAT(bench.client.received(), ElementsAre("tx.rollback-ok", "tx.commit-ok"));
  EXPECT_EQ(bench.broker.ready("q"), 0U);
}

TEST(ChannelTx, RollbackKeepsMessagesUnackedAndDoesNotRequeue) {
  Bench bench;
  TestClient other{bench.broker};
  other.send("q", "1").send("q", "2").send("q", "3");
  bench.client.get("q").get("q").get("q").ack(1).reject(3).tx_rollback();
  EXPECT_EQ(bench.broker.unacked("q"), 3U);
  EXPECT_EQ(bench.broker.ready("q"), 0U);
  bench.client.ack(2, true).nack(3).tx_commit();
  EXPECT_EQ(bench.broker.unacked("q"), 0U);
  EXPECT_THAT(bench.broker.browse("q"), ElementsAre("3"));
}

TEST(ChannelTx, ATagSettledInTheTransactionIsUnknownAfterwards) {
  Bench bench;
  bench.client.send("q", "1").tx_commit().get("q").ack(1).ignore();
  bench.client.ack(1);
  EXPECT_THAT(bench.client.received(), ElementsAre(StartsWith("channel.close 406")));
  EXPECT_THAT(bench.broker.browse("q"), ElementsAre("1"));
}

TEST(ChannelTx, CommitIsOnePartOfOneTransactionOfTheStore) {
  Bench bench;
  TestClient other{bench.broker};
  other.send("q", "1", persistent()).send("q", "2", persistent()).send("q", "3", persistent());
  bench.client.get("q").get("q").get("q");
  bench.broker.journal.forget_turns();
  bench.client.send("q", "4", persistent()).send("r", "5", persistent());
  bench.client.ack(1).reject(2).nack(3);
  EXPECT_THAT(bench.broker.journal.turns(), IsEmpty());
  bench.client.tx_commit();
  EXPECT_THAT(bench.broker.journal.turns(),
              ElementsAre(UnorderedElementsAre("append q 4", "append r 1", "remove q 1",
                                               "remove q 2", "append dead 1", "count q 3 1")));
}

TEST(ChannelTx, CommitOkWaitsForTheDisk) {
  Bench bench;
  bench.broker.commits_at_once = false;
  bench.client.send("q", "1", persistent()).tx_commit();
  EXPECT_THAT(bench.client.received(), IsEmpty());
  bench.broker.commit();
  EXPECT_THAT(bench.client.received(), ElementsAre("tx.commit-ok"));
}

TEST(ChannelTx, ReturnsComeAtTheCommit) {
  Bench bench;
  bench.client.send("absent", "1", {}, {.mandatory = true});
  EXPECT_THAT(bench.client.received(), IsEmpty());
  bench.client.tx_commit();
  EXPECT_THAT(bench.client.received(), ElementsAre("return '1'", "tx.commit-ok"));
}

TEST(ChannelTx, AnExchangeDeletedBeforeTheCommitIsNoRoute) {
  Bench bench;
  bench.client.exchange("e", "fanout").publish("e", "", "1", {}, {.mandatory = true});
  bench.client.delete_exchange("e").ignore();
  bench.client.tx_commit();
  EXPECT_THAT(bench.client.received(), ElementsAre("return '1'", "tx.commit-ok"));
}

TEST(ChannelTx, ABadMessageIsRefusedBeforeTheCommitAndLeavesNothingHalfDone) {
  Bench bench;
  bench.client.send("q", "1").send("q", "2", with_headers({{"CC", 1}}));
  EXPECT_THAT(bench.client.received(), ElementsAre(StartsWith("channel.close 406")));
  bench.client.tx_commit();
  EXPECT_EQ(bench.broker.ready("q"), 0U);
}

TEST(ChannelTx, ClosingTheChannelRollsBackAndRequeues) {
  Bench bench;
  TestClient other{bench.broker};
  other.send("q", "1").send("q", "2");
  bench.client.get("q").get("q").ack(1).send("r", "x").close_channel(1);
  EXPECT_THAT(bench.broker.browse("q"), ElementsAre("1", "2"));
  EXPECT_EQ(bench.broker.ready("r"), 0U);
}

TEST(ChannelTx, WhatIsAckedInATransactionHoldsItsPrefetchUntilTheCommit) {
  Bench bench;
  TestClient other{bench.broker};
  bench.client.qos(2, true).consume("q").ignore();
  for (const char* body : {"1", "2", "3", "4"}) other.send("q", body);
  EXPECT_THAT(bench.client.bodies(), ElementsAre("1", "2"));
  bench.client.ack(1);
  other.send("q", "5");
  EXPECT_THAT(bench.client.bodies(), IsEmpty());
  bench.client.tx_commit();
  EXPECT_THAT(bench.client.bodies(), ElementsAre("3"));
}

TEST(ChannelTx, CommitAndRollbackNeedSelect) {
  for (const amqp::Method& method :
       std::vector<amqp::Method>{amqp::tx::Commit{}, amqp::tx::Rollback{}}) {
    TestBroker broker;
    TestClient client{broker};
    client.method(method);
    EXPECT_THAT(client.received(),
                ElementsAre("channel.close 406 PRECONDITION_FAILED - channel is not "
                            "transactional"));
  }
}

TEST(ChannelTx, ConfirmsAndTransactionsExcludeEachOther) {
  Bench bench;
  bench.client.confirm_select();
  EXPECT_THAT(bench.client.received(),
              ElementsAre("channel.close 406 PRECONDITION_FAILED - cannot switch from tx to "
                          "confirm mode"));
  TestClient other{bench.broker};
  other.confirm_select().ignore();
  other.tx_select();
  EXPECT_THAT(other.received(), ElementsAre("channel.close 406 PRECONDITION_FAILED - cannot switch "
                                            "from confirm to tx mode"));
}

TEST(ChannelTx, AQueueDeletedBeforeTheCommitTakesItsMessagesAlong) {
  Bench bench;
  TestClient other{bench.broker};
  other.send("q", "1", persistent()).send("q", "2", persistent());
  bench.client.get("q").get("q").ack(1).reject(2);
  other.delete_queue("q");
  bench.client.ignore();
  bench.client.tx_commit();
  EXPECT_THAT(bench.client.received(), ElementsAre("tx.commit-ok"));
}

}  // namespace
}  // namespace leveret::broker::test
