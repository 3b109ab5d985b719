#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/blob.h"
#include "base/clock.h"

namespace leveret::broker {

class Message;
using MessagePtr = Ref<const Message>;

/// One published message: immutable, in a single allocation, shared by every queue, delivery and
/// thread that needs it. Properties and body are the bytes that the publisher sent.
class Message final : public RefCounted {
 public:
  /// `expiration` was absent, or is not a number of milliseconds (RabbitMQ refuses it at publish).
  static constexpr std::int64_t ttl_none = -1;
  static constexpr std::int64_t ttl_invalid = -2;

  /// Copies everything. `properties` are flags and list as in a content header. Throws
  /// amqp::Error{syntax_error} when they are malformed, or a name is longer than a short string.
  static MessagePtr make(std::string_view exchange, std::string_view routing_key,
                         std::string_view properties, std::string_view body, TimeMs published_at);
  static void destroy(const Message* message);

  std::string_view exchange() const { return {bytes(), exchange_bytes_}; }
  std::string_view routing_key() const { return {bytes() + exchange_bytes_, routing_key_bytes_}; }
  std::string_view properties() const {
    return {bytes() + exchange_bytes_ + routing_key_bytes_, properties_bytes_};
  }
  std::string_view body() const {
    return {bytes() + exchange_bytes_ + routing_key_bytes_ + properties_bytes_, body_bytes_};
  }
  /// The headers table with its length in front; empty when there is none.
  std::string_view headers() const { return properties().substr(headers_at_, headers_bytes_); }

  /// Headers of these names, with more routing keys, may be there: else nobody need decode them.
  bool may_have_cc() const { return may_have_cc_; }
  bool may_have_bcc() const { return may_have_bcc_; }
  bool is_persistent() const { return persistent_; }
  /// The user_id property is set: to be checked against the publisher.
  bool has_user_id() const { return has_user_id_; }
  /// reply_to names the pseudo-queue of direct reply-to (see direct_reply.h).
  bool wants_direct_reply() const { return wants_direct_reply_; }
  bool has_priority() const { return has_priority_; }
  std::uint8_t priority() const { return priority_; }
  /// The `expiration` property in milliseconds, ttl_none or ttl_invalid.
  std::int64_t ttl_ms() const { return ttl_ms_; }
  /// When it entered its queues; a dead-lettered or replayed copy has its own.
  TimeMs published_at() const { return published_at_; }
  /// Memory that it takes, in bytes.
  std::size_t memory_bytes() const { return sizeof(Message) + data_bytes(); }

 private:
  friend class MessageBuilder;
  Message() = default;
  static Message* allocate(std::string_view exchange, std::string_view routing_key,
                           std::string_view properties, std::size_t body_bytes,
                           TimeMs published_at);
  const char* bytes() const { return reinterpret_cast<const char*>(this + 1); }
  char* bytes() { return reinterpret_cast<char*>(this + 1); }
  std::size_t data_bytes() const {
    return std::size_t{exchange_bytes_} + routing_key_bytes_ + properties_bytes_ + body_bytes_;
  }

  std::int64_t ttl_ms_ = ttl_none;
  TimeMs published_at_ = 0;
  std::uint32_t body_bytes_ = 0;
  std::uint32_t properties_bytes_ = 0;
  std::uint32_t headers_at_ = 0;
  std::uint32_t headers_bytes_ = 0;
  std::uint8_t exchange_bytes_ = 0;
  std::uint8_t routing_key_bytes_ = 0;
  std::uint8_t priority_ = 0;
  bool has_priority_ = false;
  bool persistent_ = false;
  bool has_user_id_ = false;
  bool wants_direct_reply_ = false;
  bool may_have_cc_ = false;
  bool may_have_bcc_ = false;
};

/// Why an `expiration` is ttl_invalid, in RabbitMQ's words: `no_integer`, `{value_negative,-1}`,
/// `{leftover_string,".5"}`, `{value_too_large,99999999999}` (rabbit_basic.erl, parse_expiration).
std::string why_invalid_expiration(std::string_view text);

/// Gathers a message whose body comes in pieces. What a peer announces is not allocated before it
/// comes: a body beyond a megabyte grows as it arrives.
class MessageBuilder {
 public:
  MessageBuilder() = default;
  /// `body_bytes` is the size announced by the content header.
  MessageBuilder(std::string_view exchange, std::string_view routing_key,
                 std::string_view properties, std::uint64_t body_bytes, TimeMs published_at);
  MessageBuilder(MessageBuilder&& other) noexcept;
  MessageBuilder& operator=(MessageBuilder&& other) noexcept;
  ~MessageBuilder();

  /// Bytes of the body that have not come yet.
  std::uint64_t missing_bytes() const { return body_bytes_ - received_bytes_; }
  /// Appends a piece, which must not be longer than missing_bytes().
  void append(std::string_view piece);
  /// Takes the whole message; missing_bytes() must be 0.
  MessagePtr finish();

 private:
  Message* message_ = nullptr;  // allocated whole, for bodies that are not large
  std::string head_;            // else exchange, routing key and properties, one after another
  std::string body_;
  std::size_t exchange_bytes_ = 0;
  std::size_t routing_key_bytes_ = 0;
  std::uint64_t body_bytes_ = 0;
  std::uint64_t received_bytes_ = 0;
  TimeMs published_at_ = 0;
};

}  // namespace leveret::broker
