#pragma once

#include <string_view>

namespace leveret::broker {

/// The pseudo-queue of direct reply-to (RabbitMQ docs, direct-reply-to): consuming from it makes an
/// address, this name and a dot and a secret, that takes its place in the `reply_to` of what the
/// channel publishes.
inline constexpr std::string_view direct_reply_queue = "amq.rabbitmq.reply-to";
inline constexpr std::string_view direct_reply_prefix = "amq.rabbitmq.reply-to.";

}  // namespace leveret::broker
