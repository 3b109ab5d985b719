#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "base/blob.h"
#include "broker/command.h"

namespace leveret::broker {

/// A whole method frame, encoded already: everything that is not on the hot path.
struct EncodedFrame {
  std::string bytes;
};
struct Deliver {
  ChannelNumber channel;
  bool redelivered;
  BlobRef consumer_tag;
  std::uint64_t delivery_tag;
  MessagePtr message;
};
struct GetOk {
  ChannelNumber channel;
  bool redelivered;
  std::uint32_t message_count;
  std::uint64_t delivery_tag;
  MessagePtr message;
};
struct Return {
  ChannelNumber channel;
  MessagePtr message;
};
/// A publisher confirm: basic.ack, or basic.nack when `is_nack`.
struct Confirm {
  ChannelNumber channel;
  bool multiple;
  bool is_nack;
  std::uint64_t delivery_tag;
};
/// The last record of a connection: everything before it is written, then the session waits for the
/// client's close-ok (or sends none, when `frame` is the close-ok) and ends.
struct CloseConnection {
  std::string frame;
  bool is_reply = false;
};

using Outgoing = std::variant<EncodedFrame, Deliver, GetOk, Return, Confirm, CloseConnection>;

/// What the core needs from a session. Called on the core's loop; an implementation whose socket
/// lives on another loop posts there. Nothing here may call back into the core before it has
/// returned.
class Outbox {
 public:
  virtual ~Outbox() = default;

  /// Takes the records, in order, and leaves the vector empty (its memory may be kept for the
  /// next).
  virtual void send(std::vector<Outgoing>& records) = 0;
  /// `bytes` of command batches have been worked off; the session may read as much again.
  virtual void consumed(std::size_t bytes) = 0;
};

/// What a record costs in a session's output buffer, in bytes, nearly: what the core adds when it
/// sends and the session gives back by Vhost::drained once written.
std::size_t cost_bytes(const Outgoing& record);

}  // namespace leveret::broker
