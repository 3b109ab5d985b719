#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/broker/support/test_client.h"

namespace leveret::broker::test {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

/// What a client with the exchanges of `prepare` hears when it does `act`.
std::vector<std::string> answer(const std::function<void(TestClient&)>& act) {
  TestBroker broker;
  TestClient client{broker};
  client.exchange("e", "direct", {.durable = true}).exchange("inner", "fanout", {.internal = true});
  client.declare("q").ignore();
  act(client);
  return client.received();
}

TEST(ChannelExchange, DeclaringTheSameAgainIsFine) {
  EXPECT_THAT(answer([](auto& c) { c.exchange("e", "direct", {.durable = true}); }),
              ElementsAre("exchange.declare-ok"));
  EXPECT_THAT(answer([](auto& c) { c.exchange("amq.topic", "topic", {.durable = true}); }),
              ElementsAre("exchange.declare-ok"));
}

TEST(ChannelExchange, AnotherTypeIsInequivalent) {
  EXPECT_THAT(answer([](auto& c) { c.exchange("e", "fanout", {.durable = true}); }),
              ElementsAre("channel.close 406 PRECONDITION_FAILED - inequivalent arg 'type' for "
                          "exchange 'e' in vhost '/': received 'fanout' but current is 'direct'"));
}

TEST(ChannelExchange, OtherFlagsAreInequivalent) {
  EXPECT_THAT(answer([](auto& c) { c.exchange("e", "direct"); }),
              ElementsAre("channel.close 406 PRECONDITION_FAILED - inequivalent arg 'durable' for "
                          "exchange 'e' in vhost '/': received 'false' but current is 'true'"));
  EXPECT_THAT(
      answer([](auto& c) { c.exchange("e", "direct", {.durable = true, .auto_delete = true}); }),
      ElementsAre("channel.close 406 PRECONDITION_FAILED - inequivalent arg 'auto_delete' for "
                  "exchange 'e' in vhost '/': received 'true' but current is 'false'"));
  EXPECT_THAT(
      answer([](auto& c) { c.exchange("e", "direct", {.durable = true, .internal = true}); }),
      ElementsAre("channel.close 406 PRECONDITION_FAILED - inequivalent arg 'internal' for "
                  "exchange 'e' in vhost '/': received 'true' but current is 'false'"));
}

TEST(ChannelExchange, OfTheArgumentsOnlyTheAlternateCounts) {
  EXPECT_THAT(answer([](auto& c) {
                c.exchange("e", "direct", {.durable = true, .arguments = {{"x", 1}}});
              }),
              ElementsAre("exchange.declare-ok"));
  EXPECT_THAT(
      answer([](auto& c) {
        c.exchange("e", "direct", {.durable = true, .arguments = {{"alternate-exchange", "a"}}});
      }),
      ElementsAre("channel.close 406 PRECONDITION_FAILED - inequivalent arg "
                  "'alternate-exchange' for exchange 'e' in vhost '/': received the value "
                  "'a' of type 'longstr' but current is none"));
}

TEST(ChannelExchange, UnknownTypesAreRefused) {
  EXPECT_THAT(answer([](auto& c) { c.exchange("x", "x-strange"); }),
              ElementsAre("channel.close 406 PRECONDITION_FAILED - unknown exchange type "
                          "'x-strange'"));
}

TEST(ChannelExchange, ReservedNamesAreRefusedOnlyForNewOnes) {
  EXPECT_THAT(answer([](auto& c) { c.exchange("amq.mine", "direct"); }),
              ElementsAre("channel.close 403 ACCESS_REFUSED - exchange name 'amq.mine' contains "
                          "reserved prefix 'amq.*'"));
  EXPECT_THAT(answer([](auto& c) { c.exchange("amq.direct", "direct", {.passive = true}); }),
              ElementsAre("exchange.declare-ok"));
}

TEST(ChannelExchange, TheDefaultExchangeIsNobodysToChange) {
  const auto refused = ElementsAre(
      "channel.close 403 ACCESS_REFUSED - operation not permitted on the default exchange");
  EXPECT_THAT(answer([](auto& c) { c.exchange("", "direct", {.durable = true}); }), refused);
  EXPECT_THAT(answer([](auto& c) { c.exchange("", "direct", {.passive = true}); }), refused);
  EXPECT_THAT(answer([](auto& c) { c.delete_exchange(""); }), refused);
  EXPECT_THAT(answer([](auto& c) { c.bind("q", "", "k"); }), refused);
  EXPECT_THAT(answer([](auto& c) { c.unbind("q", "", "q"); }), refused);
  EXPECT_THAT(answer([](auto& c) { c.bind_exchange("", "e"); }), refused);
}

TEST(ChannelExchange, SystemExchangesAreNotDeleted) {
  EXPECT_THAT(answer([](auto& c) { c.delete_exchange("amq.topic"); }),
              ElementsAre("channel.close 403 ACCESS_REFUSED - deletion of system exchange "
                          "'amq.topic' in vhost '/' not allowed"));
}

TEST(ChannelExchange, PassiveDeclareOfAnAbsentOneIs404) {
  EXPECT_THAT(answer([](auto& c) { c.exchange("absent", "", {.passive = true}); }),
              ElementsAre("channel.close 404 NOT_FOUND - no exchange 'absent' in vhost '/'"));
}

TEST(ChannelExchange, DeletingAnAbsentOneSucceeds) {
  EXPECT_THAT(answer([](auto& c) { c.delete_exchange("absent"); }),
              ElementsAre("exchange.delete-ok"));
}

TEST(ChannelExchange, DeleteIfUnusedKeepsOneWithBindings) {
  EXPECT_THAT(answer([](auto& c) { c.bind("q", "e").delete_exchange("e", true); }),
              ElementsAre("queue.bind-ok",
                          "channel.close 406 PRECONDITION_FAILED - exchange 'e' in "
                          "vhost '/' in use"));
}

TEST(ChannelExchange, BindingToWhatIsAbsentIs404) {
  EXPECT_THAT(answer([](auto& c) { c.bind("q", "absent"); }),
              ElementsAre("channel.close 404 NOT_FOUND - no exchange 'absent' in vhost '/'"));
  EXPECT_THAT(answer([](auto& c) { c.bind("absent", "e"); }),
              ElementsAre("channel.close 404 NOT_FOUND - no queue 'absent' in vhost '/'"));
  EXPECT_THAT(answer([](auto& c) { c.bind_exchange("absent", "e"); }),
              ElementsAre("channel.close 404 NOT_FOUND - no exchange 'absent' in vhost '/'"));
}

TEST(ChannelExchange, UnbindingWhatIsAbsentSucceeds) {
  EXPECT_THAT(answer([](auto& c) { c.unbind("q", "e", "never").unbind("absent", "e"); }),
              ElementsAre("queue.unbind-ok", "queue.unbind-ok"));
  EXPECT_THAT(answer([](auto& c) { c.unbind_exchange("absent", "e"); }),
              ElementsAre("exchange.unbind-ok"));
}

TEST(ChannelExchange, ABadMatchModeIsRefusedAndLeavesNoBinding) {
  TestBroker broker;
  TestClient client{broker};
  client.declare("q").bind("q", "amq.headers", "", {{"x-match", "some"}});
  TestClient other{broker};
  other.bind("q", "amq.headers", "", {{"x-match", "any"}, {"a", 1}}).ignore();
  other.publish("amq.headers", "", "1", {}, {.mandatory = true});
  EXPECT_THAT(other.received(), ElementsAre("return '1'"));
}

TEST(ChannelExchange, PublishingToAnAbsentOneIs404) {
  EXPECT_THAT(answer([](auto& c) { c.publish("absent", "k", "1"); }),
              ElementsAre("channel.close 404 NOT_FOUND - no exchange 'absent' in vhost '/'"));
}

TEST(ChannelExchange, PublishingToAnInternalOneIs403) {
  EXPECT_THAT(answer([](auto& c) { c.publish("inner", "k", "1"); }),
              ElementsAre("channel.close 403 ACCESS_REFUSED - cannot publish to internal exchange "
                          "'inner' in vhost '/'"));
}

TEST(ChannelExchange, LineBreaksInNamesAreDropped) {
  EXPECT_THAT(
      answer([](auto& c) { c.exchange("x\r\ny", "direct").exchange("xy", "", {.passive = true}); }),
      ElementsAre("exchange.declare-ok", "exchange.declare-ok"));
}

TEST(ChannelExchange, RepliesWaitUntilTheChangeIsOnDisk) {
  TestBroker broker;
  broker.commits_at_once = false;
  TestClient client{broker};
  client.exchange("d", "direct", {.durable = true});
  EXPECT_THAT(client.received(), IsEmpty());
  broker.commit();
  EXPECT_THAT(client.received(), ElementsAre("exchange.declare-ok"));
  client.exchange("t", "direct");
  EXPECT_THAT(client.received(), ElementsAre("exchange.declare-ok"));
}

TEST(ChannelExchange, WhatFollowsAWaitingReplyWaitsInOrder) {
  TestBroker broker;
  broker.commits_at_once = false;
  TestClient client{broker};
  client.together([&] {
    client.declare("q", {.durable = true}).send("q", "1").get("q").exchange("e", "direct");
  });
  client.ack(1);
  EXPECT_THAT(client.received(), IsEmpty());
  broker.commit();
  EXPECT_THAT(client.received(), ElementsAre("queue.declare-ok 'q' 0 0", "get-ok 1 '1' left 0",
                                             "exchange.declare-ok"));
  EXPECT_EQ(broker.unacked("q"), 0U);
}

}  // namespace
}  // namespace leveret::broker::test
