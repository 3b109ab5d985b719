#include "broker/arguments.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "amqp/reply_code.h"

namespace leveret::broker {
namespace {

using amqp::Table;

constexpr std::string_view what = "queue 'q' in vhost '/'";

std::string error_of(const Table& arguments) {
  try {
    parse_queue_arguments(arguments, what);
    return "none";
  } catch (const amqp::Error& error) {
    return error.close_text();
  }
}

std::string invalid(const std::string& rest) {
  return "PRECONDITION_FAILED - invalid arg " + rest;
}

TEST(Arguments, AreReadWithTheirTypes) {
  const QueueArguments parsed = parse_queue_arguments({{"x-message-ttl", 60000},
                                                       {"x-expires", std::int64_t{1000}},
                                                       {"x-max-length", std::uint8_t{10}},
                                                       {"x-max-length-bytes", 1024},
                                                       {"x-delivery-limit", 3},
                                                       {"x-dead-letter-exchange", "dlx"},
                                                       {"x-dead-letter-routing-key", "key"},
                                                       {"x-overflow", "reject-publish"}},
                                                      what);
  EXPECT_EQ(parsed.message_ttl_ms, 60000);
  EXPECT_EQ(parsed.expires_ms, 1000);
  EXPECT_EQ(parsed.max_length, 10U);
  EXPECT_EQ(parsed.max_length_bytes, 1024U);
  EXPECT_EQ(parsed.delivery_limit, 3U);
  EXPECT_EQ(parsed.dead_letter_exchange, "dlx");
  EXPECT_EQ(parsed.dead_letter_routing_key, "key");
  EXPECT_EQ(parsed.overflow, Overflow::reject_publish);
  EXPECT_TRUE(parsed.counts_deliveries);
}

TEST(Arguments, WithoutAnyNothingIsLimited) {
  const QueueArguments parsed = parse_queue_arguments({{"x-mine", "ignored"}}, what);
  EXPECT_FALSE(parsed.message_ttl_ms || parsed.expires_ms || parsed.max_length ||
               parsed.max_length_bytes || parsed.delivery_limit || parsed.dead_letter_exchange);
  EXPECT_EQ(parsed.overflow, Overflow::drop_head);
  EXPECT_FALSE(parsed.counts_deliveries);
}

TEST(Arguments, ZeroIsATtlAndALengthButNoExpiry) {
  EXPECT_EQ(error_of({{"x-message-ttl", 0}}), "none");
  EXPECT_EQ(error_of({{"x-max-length", 0}}), "none");
  EXPECT_EQ(error_of({{"x-expires", 0}}), invalid("'x-expires' for queue 'q' in vhost '/': "
                                                  "{value_zero,0}"));
}

TEST(Arguments, NegativeNumbersAreRefused) {
  EXPECT_EQ(error_of({{"x-message-ttl", -1}}),
            invalid("'x-message-ttl' for queue 'q' in vhost '/': {value_negative,-1}"));
  EXPECT_EQ(error_of({{"x-max-length", -5}}),
            invalid("'x-max-length' for queue 'q' in vhost '/': {value_negative,-5}"));
}

TEST(Arguments, AnotherTypeIsRefused) {
  EXPECT_EQ(error_of({{"x-message-ttl", "60000"}}),
            invalid("'x-message-ttl' for queue 'q' in vhost '/': "
                    "\"expected integer, got longstr\""));
  EXPECT_EQ(error_of({{"x-dead-letter-exchange", 1}}),
            "PRECONDITION_FAILED - invalid type 'signedint' for arg 'x-dead-letter-exchange' in "
            "queue 'q' in vhost '/'");
}

TEST(Arguments, ADeadLetterKeyNeedsAnExchange) {
  EXPECT_EQ(error_of({{"x-dead-letter-routing-key", "k"}}),
            invalid("'x-dead-letter-routing-key' for queue 'q' in vhost '/': "
                    "routing_key_but_no_dlx_defined"));
}

TEST(Arguments, ADeadLetterKeyMustFitTheFieldThatCarriesIt) {
  EXPECT_EQ(error_of({{"x-dead-letter-exchange", ""},
                      {"x-dead-letter-routing-key", std::string(255, 'k')}}),
            "none");
  EXPECT_THAT(error_of({{"x-dead-letter-exchange", ""},
                        {"x-dead-letter-routing-key", std::string(256, 'k')}}),
              ::testing::StartsWith(invalid("'x-dead-letter-routing-key'")));
}

TEST(Arguments, MinusOneIsNoDeliveryLimit) {
  EXPECT_EQ(parse_queue_arguments({{"x-delivery-limit", -1}}, what).delivery_limit, std::nullopt);
  EXPECT_THAT(error_of({{"x-delivery-limit", -2}}), ::testing::EndsWith("{value_negative,-2}"));
}

TEST(Arguments, AnEnormousDeliveryLimitIsNotASmallOne) {
  const auto parsed = parse_queue_arguments({{"x-delivery-limit", std::int64_t{1} << 32U}}, what);
  EXPECT_GT(parsed.delivery_limit.value_or(UINT32_MAX), 1000U);
}

TEST(Arguments, UnknownOverflowsAndTypesAreRefused) {
  EXPECT_EQ(error_of({{"x-overflow", "drop-tail"}}),
            invalid("'x-overflow' for queue 'q' in vhost '/': invalid_overflow"));
  EXPECT_THAT(error_of({{"x-queue-type", "mine"}}),
              ::testing::StartsWith(invalid("'x-queue-type' for queue 'q' in vhost '/'")));
  EXPECT_THAT(error_of({{"x-queue-type", "stream"}}), ::testing::StartsWith("NOT_IMPLEMENTED - "));
}

TEST(Arguments, AnArgumentOfAnotherTypeOfQueueIsRefused) {
  const auto refused = [](std::string_view argument, std::string_view type) {
    return "PRECONDITION_FAILED - invalid arg '" + std::string{argument} +
           "' for queue 'q' in vhost '/' of queue type rabbit_" + std::string{type};
  };
  EXPECT_EQ(error_of({{"x-queue-type", "quorum"}, {"x-max-priority", 5}}),
            refused("x-max-priority", "quorum_queue"));
  EXPECT_EQ(error_of({{"x-dead-letter-strategy", "at-least-once"}}),
            refused("x-dead-letter-strategy", "classic_queue"));
  EXPECT_EQ(error_of({{"x-max-age", "1D"}}), refused("x-max-age", "classic_queue"));
}

TEST(Arguments, ATimeIsTenYearsAtMost) {
  EXPECT_EQ(error_of({{"x-message-ttl", std::int64_t{315'360'000'000}}}), "none");
  EXPECT_EQ(error_of({{"x-message-ttl", std::int64_t{315'360'000'001}}}),
            invalid("'x-message-ttl' for queue 'q' in vhost '/': {value_too_large,315360000001}"));
}

TEST(Arguments, WithoutEffectAreCheckedAllTheSame) {
  EXPECT_EQ(error_of({{"x-queue-mode", "lazy"}, {"x-queue-version", 2}}), "none");
  EXPECT_EQ(error_of({{"x-queue-mode", "eager"}}),
            invalid("'x-queue-mode' for queue 'q' in vhost '/': "
                    "\"unsupported queue mode 'eager'\""));
  EXPECT_EQ(error_of({{"x-queue-version", 3}}),
            invalid("'x-queue-version' for queue 'q' in vhost '/': "
                    "\"unsupported queue version '3'\""));
  EXPECT_EQ(error_of({{"x-queue-type", "quorum"}, {"x-dead-letter-strategy", "always"}}),
            invalid("'x-dead-letter-strategy' for queue 'q' in vhost '/': invalid_dlx_strategy"));
  EXPECT_EQ(error_of({{"x-queue-type", "quorum"}, {"x-quorum-initial-group-size", 0}}),
            invalid("'x-quorum-initial-group-size' for queue 'q' in vhost '/': {value_zero,0}"));
}

TEST(Arguments, AQuorumQueueHasADeliveryLimitUnlessItSaysOtherwise) {
  EXPECT_EQ(parse_queue_arguments({{"x-queue-type", "quorum"}}, what).delivery_limit, 20U);
  EXPECT_EQ(parse_queue_arguments({{"x-queue-type", "quorum"}, {"x-delivery-limit", -1}}, what)
                .delivery_limit,
            std::nullopt);
  EXPECT_EQ(parse_queue_arguments({}, what).delivery_limit, std::nullopt);
}

TEST(Arguments, QuorumQueuesCountDeliveries) {
  EXPECT_TRUE(parse_queue_arguments({{"x-queue-type", "quorum"}}, what).counts_deliveries);
}

}  // namespace
}  // namespace leveret::broker
