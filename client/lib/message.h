#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "amqp/properties.h"

namespace leveret::client {

/// A delivery during its callback; every view ends with it.
struct Delivery {
  std::string_view consumer_tag;
  std::uint64_t delivery_tag = 0;
  bool redelivered = false;
  std::string_view exchange;
  std::string_view routing_key;
  /// Encoded, as amqp::read_properties takes them.
  std::string_view properties;
  std::string_view body;
};

/// A message that owns what it holds.
struct Message {
  std::uint64_t delivery_tag = 0;
  bool redelivered = false;
  std::string exchange;
  std::string routing_key;
  amqp::Properties properties;
  std::string body;
};

/// A message that came back because no queue took it (basic.return), during its callback.
struct Returned {
  std::uint16_t reply_code = 0;
  std::string_view reply_text;
  std::string_view exchange;
  std::string_view routing_key;
  std::string_view properties;
  std::string_view body;
};

/// The server's answer to publishes: the one with `sequence`, or all up to it.
struct Confirm {
  std::uint64_t sequence = 0;
  bool is_multiple = false;
  /// False when the server refused responsibility (basic.nack).
  bool is_ack = true;
};

/// What an unroutable message does: come back (basic.return) or vanish.
enum class Unroutable { returned, dropped };

/// Where to and with what to publish, encoded once for any number of bodies.
class Envelope {
 public:
  /// Throws amqp::Error when a name is longer than 255 bytes.
  Envelope(std::string_view exchange, std::string_view routing_key,
           const amqp::Properties& properties = {}, Unroutable unroutable = Unroutable::dropped);

  const std::string& exchange() const { return exchange_; }
  const std::string& routing_key() const { return routing_key_; }
  /// Appends method, header and body frames for `channel`.
  void write(std::string& out, std::uint16_t channel, std::string_view body,
             std::uint32_t frame_max) const;

 private:
  std::string exchange_;
  std::string routing_key_;
  /// Method and header frames; channel and body size are filled in by write().
  std::string frames_;
  std::size_t header_at_ = 0;
};

}  // namespace leveret::client
