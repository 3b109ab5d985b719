#pragma once

#include <cstdint>
#include <optional>

#include "amqp/table.h"
#include "base/blob.h"

namespace leveret::broker {

class Channel;
class Queue;

/// A subscription of a channel to a queue. Owned by its channel; its queue knows it until it is
/// cancelled.
struct Consumer {
  BlobRef tag;
  Channel* channel = nullptr;
  Queue* queue = nullptr;
  bool no_ack = false;
  bool exclusive = false;
  /// 0: no limit. Fixed when it starts (RabbitMQ, consumer-prefetch).
  std::uint16_t prefetch = 0;
  std::int32_t priority = 0;
  std::uint32_t unacked = 0;
  /// How long it may hold a message, in milliseconds; 0: for ever; unset: its queue says.
  std::optional<std::int64_t> timeout_ms;
  amqp::Table arguments;

  bool has_credit() const { return no_ack || prefetch == 0 || unacked < prefetch; }
};

}  // namespace leveret::broker
