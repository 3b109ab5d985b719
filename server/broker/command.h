#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "amqp/methods.h"
#include "broker/message.h"

namespace leveret::broker {

using ChannelNumber = std::uint16_t;

/// One method from a client, with its message when it is basic.publish.
struct Command {
  ChannelNumber channel = 0;
  amqp::Method method;
  MessagePtr content;
};

/// What a session decoded from one read, handed to the core at once.
struct CommandBatch {
  std::vector<Command> commands;
  /// Keeps alive the bytes that the commands' views point into.
  std::shared_ptr<const void> bytes_owner;
  /// What the session counts against this connection until Outbox::consumed gives it back, in
  /// bytes.
  std::size_t bytes = 0;
  /// As many octets of the client's.
  std::size_t octets = 0;
};

}  // namespace leveret::broker
