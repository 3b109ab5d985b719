#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "amqp/properties.h"
#include "base/clock.h"
#include "broker/message.h"
#include "broker/stats.h"

namespace leveret::broker {

/// RabbitMQ's word for a reason in x-death: "rejected", "expired", "maxlen", "delivery_limit".
std::string_view name_of(DeathReason reason);

/// Why, where and when a message died.
struct Death {
  DeathReason reason;
  std::string_view queue;
  TimeMs at;
};

/// A dead message ready to be published again.
struct DeadLetter {
  amqp::Properties properties;
  std::vector<std::string> routing_keys;
};

/// Records `death` in the headers as RabbitMQ does (mc.erl record_death, mc_amqpl.erl death_table):
/// x-death with one entry per queue and reason, the latest in front, counted up on repeat;
/// x-first-death-*, x-last-death-*. Removes `expiration`, so that it does not expire again. With a
/// routing key override that is the only key, and CC and BCC go; without, the message keeps all its
/// keys, those of BCC too. An x-death that a client published with the message counts on, as in
/// RabbitMQ up to 3.12: programs that retry by publishing again rely on it (RabbitMQ 4 starts
/// anew).
DeadLetter make_dead_letter(const Message& message, const Death& death,
                            const std::string* routing_key_override);

/// True when a message with these headers has come round to `queue` without anybody rejecting it:
/// such a dead letter is dropped, or it would circle for ever (rabbit_dead_letter.erl).
bool is_cycle(const amqp::Table& headers, std::string_view queue);

/// The routing key with those of the CC and BCC headers (RabbitMQ, sender-selected distribution).
/// Throws amqp::Error{precondition_failed} when one of them is not an array of strings.
std::vector<std::string> routing_keys_of(std::string_view routing_key, const amqp::Table& headers);

/// Where a dead message came from: the queue of its latest death; empty when it never died.
std::string original_queue(const Message& message);

/// A copy for replay: exchange "" and the queue's name as key, deaths and delivery counts moved
/// from the headers that consumers count on into `x-replay`, so that the job starts afresh and its
/// story stays.
MessagePtr make_replay(const Message& message, std::string_view target_queue,
                       std::string_view actor, std::uint64_t operation, TimeMs now);

/// The message as a client may see it: without its BCC header, which is kept in queues and in the
/// store only because dead-lettering routes by it again.
MessagePtr visible_form(const MessagePtr& message);

/// The same, with header x-delivery-count, as quorum queues deliver it.
MessagePtr with_delivery_count(const Message& message, std::uint32_t count);

}  // namespace leveret::broker
