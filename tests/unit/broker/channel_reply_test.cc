#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "broker/direct_reply.h"
#include "unit/broker/support/test_client.h"

namespace leveret::broker::test {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::StartsWith;

const std::string pseudo_queue{direct_reply_queue};

amqp::Properties asking_for_reply() {
  amqp::Properties properties;
  properties.reply_to = pseudo_queue;
  return properties;
}

/// A client that waits for answers, and the address under which its question came.
struct Bench {
  explicit Bench(Limits limits = {}) : broker(limits) {
    client.declare("rpc").consume(pseudo_queue, {.tag = "answers", .no_ack = true}).ignore();
    client.send("rpc", "question", asking_for_reply());
    server.get("rpc", true);
    address = server.deliveries().at(0).properties.reply_to.value();
  }
  TestBroker broker;
  TestClient client{broker};
  TestClient server{broker};
  std::string address;
};

TEST(ChannelReply, AnAnswerComesStraightToWhoAsked) {
  Bench bench;
  EXPECT_THAT(bench.address, StartsWith(std::string{direct_reply_prefix}));
  bench.server.send(bench.address, "answer", {}, {.mandatory = true});
  EXPECT_THAT(bench.client.received(), ElementsAre("deliver answers 1 'answer'"));
  EXPECT_THAT(bench.server.received(), IsEmpty());
}

TEST(ChannelReply, AnAnswerIsConfirmedAtOnce) {
  Bench bench;
  bench.server.confirm_select().ignore();
  bench.server.send(bench.address, "answer", persistent());
  EXPECT_THAT(bench.server.received(), ElementsAre("ack 1"));
}

TEST(ChannelReply, AnAnswerToNobodyHasNoRoute) {
  const auto is_returned_after = [](const std::function<void(TestClient&)>& act) {
    Bench bench;
    act(bench.client);
    bench.server.send(bench.address, "answer", {}, {.mandatory = true});
    EXPECT_THAT(bench.server.received(), ElementsAre("return 'answer'"));
  };
  is_returned_after([](auto& c) { c.cancel("answers"); });
  is_returned_after([](auto& c) { c.close_channel(1); });
  is_returned_after([](auto& c) { c.ack(99); });
  is_returned_after([](auto& c) { c.close(); });
  is_returned_after([](auto& c) { c.drop(); });
}

TEST(ChannelReply, TheAddressOfAClosedChannelIsNotThatOfTheNextOneOfItsNumber) {
  Bench bench;
  bench.client.close_channel(1);
  bench.client.open(1).consume(pseudo_queue, {.tag = "answers", .no_ack = true}).ignore();
  bench.server.send(bench.address, "late", {}, {.mandatory = true});
  EXPECT_THAT(bench.server.received(), ElementsAre("return 'late'"));
  EXPECT_THAT(bench.client.received(), IsEmpty());
}

TEST(ChannelReply, AnswersBeyondWhatMayWaitUnreadHaveNoRoute) {
  Bench bench{{.outbox_bytes_max = 1000}};
  bench.client.stop_reading();
  for (int i = 0; i < 200; ++i)
    bench.server.send(bench.address, std::string(200, 'x'), {}, {.mandatory = true});
  const std::size_t returned = bench.server.received().size();
  EXPECT_GT(returned, 100U);
  EXPECT_LT(returned, 190U);
  bench.client.read_again();
  bench.server.send(bench.address, "answer", {}, {.mandatory = true});
  EXPECT_THAT(bench.server.received(), IsEmpty());
}

TEST(ChannelReply, AnAddressIsNotToBeGuessed) {
  Bench bench;
  // 128 bits, six in a letter.
  EXPECT_GE(bench.address.size() - direct_reply_prefix.size(), 22U);
  EXPECT_NE(Bench{}.address, bench.address);
  std::string another = bench.address;
  another.back() = another.back() == 'A' ? 'B' : 'A';
  const std::string shorter = bench.address.substr(0, bench.address.size() - 1);
  const std::string prefix{direct_reply_prefix};
  for (const std::string& guess : {another, shorter, bench.address + "A", prefix,
                                   prefix + "answers", prefix + "1", prefix + "#", pseudo_queue}) {
    bench.server.send(guess, "forged", {}, {.mandatory = true});
    EXPECT_THAT(bench.server.received(), ElementsAre("return 'forged'")) << guess;
  }
  EXPECT_THAT(bench.client.received(), IsEmpty());
}

TEST(ChannelReply, ItsNameIsNoQueueThatOthersCouldMakeBindOrRead) {
  Bench bench;
  for (const std::string& name : {pseudo_queue, bench.address}) {
    TestClient other{bench.broker};
    other.declare(name);
    EXPECT_THAT(other.received(), ElementsAre("channel.close 403 ACCESS_REFUSED - queue name '" +
                                              name + "' contains reserved prefix 'amq.*'"));
    const std::string none =
        "2: channel.close 404 NOT_FOUND - no queue '" + name + "' in vhost '/'";
    other.open(2).on(2).bind(name, "amq.fanout");
    EXPECT_THAT(other.received(), ElementsAre("2: channel.open-ok", none));
  }
  bench.server.consume(bench.address);
  EXPECT_THAT(bench.server.received(), ElementsAre(StartsWith("channel.close 404 NOT_FOUND")));
  TestClient other{bench.broker};
  other.publish("amq.fanout", "", "forged").send(bench.address, "answer");
  EXPECT_THAT(bench.client.received(), ElementsAre("deliver answers 1 'answer'"));
}

TEST(ChannelReply, ConsumingNeedsNoAckAndHappensOnce) {
  Bench bench;
  bench.client.consume(pseudo_queue, {.tag = "more", .no_ack = true});
  EXPECT_THAT(bench.client.received(),
              ElementsAre("channel.close 406 PRECONDITION_FAILED - reply consumer already set"));
  bench.server.consume(pseudo_queue);
  EXPECT_THAT(bench.server.received(), ElementsAre("channel.close 406 PRECONDITION_FAILED - reply "
                                                   "consumer cannot acknowledge"));
}

TEST(ChannelReply, AskingWithoutTheConsumerIsRefused) {
  Bench bench;
  bench.server.send("rpc", "question", asking_for_reply());
  EXPECT_THAT(bench.server.received(),
              ElementsAre("channel.close 406 PRECONDITION_FAILED - fast reply consumer does not "
                          "exist"));
  EXPECT_EQ(bench.broker.ready("rpc"), 0U);
}

TEST(ChannelReply, TheTagIsTakenForOtherConsumersToo) {
  Bench bench;
  bench.client.consume("rpc", {.tag = "answers"});
  EXPECT_THAT(bench.client.received(), ElementsAre(StartsWith("connection.close 530 NOT_ALLOWED")));
}

}  // namespace
}  // namespace leveret::broker::test
