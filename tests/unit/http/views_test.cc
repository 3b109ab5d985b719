#include "http/views.h"

#include <gtest/gtest.h>

namespace leveret::http {
namespace {

TEST(QueueJson, HasRabbitMqsFieldsAndOurOwn) {
  broker::QueueView queue;
  queue.name = "emails";
  queue.durable = true;
  queue.arguments = {{"x-max-length", 10}};
  queue.ready = 3;
  queue.unacked = 2;
  queue.ready_bytes = 30;
  queue.unacked_bytes = 20;
  queue.dead_letter_targets = {"emails.dlq"};
  queue.stats.publish = 7;
  queue.stats.dropped[static_cast<int>(broker::DeathReason::maxlen)] = 4;
  const Json item = queue_json(queue, {"/", "node", {}, StatsDetail::brief});
  EXPECT_EQ(item.at("vhost"), "/");
  EXPECT_EQ(item.at("type"), "classic");
  EXPECT_EQ(item.at("messages"), 5);
  EXPECT_EQ(item.at("message_bytes"), 50);
  EXPECT_EQ(item.at("arguments"), (Json{{"x-max-length", 10}}));
  EXPECT_EQ(item.at("message_stats").at("publish"), 7);
  EXPECT_EQ(item.at("message_stats").at("publish_details").at("rate"), 0.0);
  EXPECT_EQ(item.at("x").at("dropped"),
            (Json{{"rejected", 0}, {"expired", 0}, {"maxlen", 4}, {"delivery_limit", 0}}));
  EXPECT_EQ(item.at("x").at("dead_letter_queues"), (Json::array({"emails.dlq"})));
}

TEST(QueueJson, TheTypeIsTheOneDeclared) {
  broker::QueueView queue;
  queue.arguments = {{"x-queue-type", "quorum"}};
  EXPECT_EQ(queue_json(queue, {"/", "node", {}, StatsDetail::brief}).at("type"), "quorum");
}

TEST(StatsJson, BriefLeavesOutWhatNeverHappened) {
  const Json brief = stats_json({}, {}, StatsDetail::brief);
  EXPECT_TRUE(brief.contains("publish"));
  EXPECT_FALSE(brief.contains("get_no_ack"));
  EXPECT_TRUE(stats_json({}, {}, StatsDetail::full).contains("get_no_ack"));
}

TEST(StatsJson, RatesComeFromTheWindow) {
  RateWindow window;
  broker::MessageStats stats;
  window.add(0, stats);
  stats.publish = 10;
  window.add(1000, stats);
  EXPECT_EQ(stats_json(stats, {&window}, StatsDetail::brief).at("publish_details").at("rate"),
            10.0);
}

TEST(ConsumerJson, NamesItsChannel) {
  broker::ConsumerView consumer;
  consumer.tag = "ctag1";
  consumer.queue = "emails";
  consumer.connection = "a -> b";
  consumer.channel = 3;
  consumer.no_ack = true;
  const Json item = consumer_json(consumer, "/", "node");
  EXPECT_EQ(item.at("channel_details").at("name"), "a -> b (3)");
  EXPECT_EQ(item.at("ack_required"), false);
  EXPECT_EQ(item.at("queue"), (Json{{"name", "emails"}, {"vhost", "/"}}));
}

TEST(OperationJson, ATargetMayBeMissing) {
  broker::OperationView operation;
  operation.id = 9;
  operation.request.kind = broker::OperationKind::remove;
  operation.failed = {{5, "gone"}};
  const Json item = operation_json(operation, "/");
  EXPECT_EQ(item.at("kind"), "delete");
  EXPECT_TRUE(item.at("target").is_null());
  EXPECT_EQ(item.at("failed"), (Json::array({{{"seq", 5}, {"reason", "gone"}}})));
  EXPECT_EQ(item.at("state"), "running");
}

}  // namespace
}  // namespace leveret::http
