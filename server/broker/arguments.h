#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "amqp/table.h"
#include "broker/definitions.h"

namespace leveret::broker {

/// The longest time that RabbitMQ's timers take, in milliseconds: ten years (rabbit.hrl,
/// MAX_EXPIRY_TIMER). That of queues, messages and consumers is refused beyond.
inline constexpr std::int64_t time_max_ms = 315'360'000'000;

enum class Overflow : std::uint8_t { drop_head, reject_publish, reject_publish_dlx };

/// The overflow behaviour of that name: "drop-head", ...; nothing for any other.
std::optional<Overflow> overflow_of(std::string_view name);

/// A queue's x-arguments, checked and with their types (RabbitMQ, rabbit_amqqueue.erl
/// declare_args). Arguments that we do not know are accepted and ignored, as RabbitMQ does.
struct QueueArguments {
  std::optional<std::int64_t> message_ttl_ms;
  std::optional<std::int64_t> expires_ms;
  std::optional<std::uint64_t> max_length;
  std::optional<std::uint64_t> max_length_bytes;
  std::optional<std::uint32_t> delivery_limit;
  std::optional<std::string> dead_letter_exchange;
  std::optional<std::string> dead_letter_routing_key;
  Overflow overflow = Overflow::drop_head;
  /// Only the consumer that came first is served, until it goes.
  bool single_active_consumer = false;
  /// The highest priority that counts, 0 for a queue without priorities, and that of a message
  /// which names none. Quorum queues always have them (RabbitMQ 4.3, quorum-queues).
  std::uint8_t max_priority = 0;
  std::uint8_t default_priority = 0;
  /// Deliveries carry x-delivery-count: quorum queues, and any queue with a delivery limit.
  bool counts_deliveries = false;
  bool is_quorum = false;
  /// How long a consumer may hold a message; 0: for ever.
  std::optional<std::int64_t> consumer_timeout_ms;
};

// What x-queue-mode, x-queue-version, x-dead-letter-strategy and x-queue-leader-locator may be, and
// the keys of policies that mean the same.
bool is_queue_mode(std::string_view text);
bool is_queue_version(std::int64_t number);
bool is_dead_letter_strategy(std::string_view text);
bool is_leader_locator(std::string_view text);

/// Throws amqp::Error{precondition_failed} naming the argument, `what` ("queue 'q' in vhost '/'")
/// and what is wrong with its value, or with having it on a queue of this type; 540 for a stream.
QueueArguments parse_queue_arguments(const amqp::Table& arguments, std::string_view what);

/// Throws amqp::Error{precondition_failed} when a new queue of this type cannot have these flags
/// (rabbit_quorum_queue.erl, check_non_durable and others).
void check_queue_flags(const QueueArguments& parsed, const QueueSpec& spec, std::string_view what);

/// Compares every argument that the queue type knows; unknown ones never count.
void assert_queue_arguments_equivalent(const amqp::Table& wanted, const amqp::Table& current,
                                       std::string_view what);

/// Throw amqp::Error{precondition_failed}, `inequivalent arg ...` in RabbitMQ's words, on a
/// difference.
void assert_argument_equivalent(std::string_view name, const amqp::Table& wanted,
                                const amqp::Table& current, std::string_view what);
void assert_flag_equivalent(std::string_view name, bool wanted, bool current,
                            std::string_view what);
void assert_flag_equivalent(std::string_view name, std::string_view wanted,
                            std::string_view current, std::string_view what);

}  // namespace leveret::broker
