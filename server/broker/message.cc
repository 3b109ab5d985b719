#include "broker/message.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <new>
#include <utility>

#include "amqp/properties.h"
#include "amqp/reply_code.h"
#include "broker/arguments.h"
#include "broker/direct_reply.h"

namespace leveret::broker {
namespace {

/// Bodies up to this size are allocated whole as soon as they are announced.
constexpr std::uint64_t whole_body_bytes_max = 1U << 20U;

/// A number of milliseconds.
std::int64_t parse_ttl(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool is_number = error == std::errc{} && end == text.data() + text.size() && value >= 0 &&
                         value <= time_max_ms;
  return is_number ? value : Message::ttl_invalid;
}

/// Whether a header's name, with its length in front, is among the bytes of the headers.
bool may_have_header(std::string_view raw_headers, std::string_view name_with_length) {
  return raw_headers.find(name_with_length) != std::string_view::npos;
}

}  // namespace

std::string why_invalid_expiration(std::string_view text) {
  const std::size_t sign = text.starts_with('+') || text.starts_with('-') ? 1 : 0;
  const std::size_t end = std::min(text.find_first_not_of("0123456789", sign), text.size());
  if (end == sign) return "no_integer";
  if (end != text.size()) return "{leftover_string,\"" + std::string{text.substr(end)} + "\"}";
  const std::size_t first = std::min(text.find_first_not_of('0', sign), text.size() - 1);
  const std::string digits{text.substr(first)};
  return text.starts_with('-') ? "{value_negative,-" + digits + "}"
                               : "{value_too_large," + digits + "}";
}

Message* Message::allocate(std::string_view exchange, std::string_view routing_key,
                           std::string_view properties, std::size_t body_bytes,
                           TimeMs published_at) {
  if (exchange.size() > 255 || routing_key.size() > 255)
    throw amqp::Error{amqp::ReplyCode::syntax_error,
                      "exchange or routing key of more than 255 bytes"};
  const amqp::PropertiesHead head = amqp::read_properties_head(properties);
  const std::size_t size = exchange.size() + routing_key.size() + properties.size() + body_bytes;
  void* memory = ::operator new(sizeof(Message) + size);
  auto* message = new (memory) Message;
  message->published_at_ = published_at;
  message->exchange_bytes_ = static_cast<std::uint8_t>(exchange.size());
  message->routing_key_bytes_ = static_cast<std::uint8_t>(routing_key.size());
  message->properties_bytes_ = static_cast<std::uint32_t>(properties.size());
  message->body_bytes_ = static_cast<std::uint32_t>(body_bytes);
  message->persistent_ = head.delivery_mode == 2;
  message->has_user_id_ = head.user_id.has_value();
  message->wants_direct_reply_ = head.reply_to == direct_reply_queue;
  message->has_priority_ = head.priority.has_value();
  message->priority_ = head.priority.value_or(0);
  if (head.expiration) message->ttl_ms_ = parse_ttl(*head.expiration);
  if (!head.headers.empty()) {
    message->headers_at_ = static_cast<std::uint32_t>(head.headers.data() - properties.data());
    message->headers_bytes_ = static_cast<std::uint32_t>(head.headers.size());
    message->may_have_cc_ = may_have_header(head.headers, "\2CC");
    message->may_have_bcc_ = may_have_header(head.headers, "\3BCC");
  }
  char* out = message->bytes();
  for (const std::string_view part : {exchange, routing_key, properties}) {
    if (!part.empty()) std::memcpy(out, part.data(), part.size());
    out += part.size();
  }
  return message;
}

MessagePtr Message::make(std::string_view exchange, std::string_view routing_key,
                         std::string_view properties, std::string_view body, TimeMs published_at) {
  Message* message = allocate(exchange, routing_key, properties, body.size(), published_at);
  if (!body.empty())
    std::memcpy(message->bytes() + (message->data_bytes() - body.size()), body.data(), body.size());
  return MessagePtr::adopt(message);
}

void Message::destroy(const Message* message) {
  message->~Message();
  ::operator delete(const_cast<Message*>(message));
}

MessageBuilder::MessageBuilder(std::string_view exchange, std::string_view routing_key,
                               std::string_view properties, std::uint64_t body_bytes,
                               TimeMs published_at)
    : exchange_bytes_(exchange.size()),
      routing_key_bytes_(routing_key.size()),
      body_bytes_(body_bytes),
      published_at_(published_at) {
  if (body_bytes <= whole_body_bytes_max) {
    message_ = Message::allocate(exchange, routing_key, properties,
                                 static_cast<std::size_t>(body_bytes), published_at);
    return;
  }
  head_.append(exchange).append(routing_key).append(properties);
}

MessageBuilder::MessageBuilder(MessageBuilder&& other) noexcept {
  *this = std::move(other);
}

MessageBuilder& MessageBuilder::operator=(MessageBuilder&& other) noexcept {
  std::swap(message_, other.message_);
  std::swap(head_, other.head_);
  std::swap(body_, other.body_);
  std::swap(exchange_bytes_, other.exchange_bytes_);
  std::swap(routing_key_bytes_, other.routing_key_bytes_);
  std::swap(body_bytes_, other.body_bytes_);
  std::swap(received_bytes_, other.received_bytes_);
  std::swap(published_at_, other.published_at_);
  return *this;
}

MessageBuilder::~MessageBuilder() {
  if (message_) Message::destroy(message_);
}

void MessageBuilder::append(std::string_view piece) {
  if (message_) {
    char* body = message_->bytes() + (message_->data_bytes() - message_->body_bytes_);
    std::memcpy(body + received_bytes_, piece.data(), piece.size());
  } else {
    body_.append(piece);
  }
  received_bytes_ += piece.size();
}

MessagePtr MessageBuilder::finish() {
  if (message_) return MessagePtr::adopt(std::exchange(message_, nullptr));
  const std::string_view head{head_};
  return Message::make(head.substr(0, exchange_bytes_),
                       head.substr(exchange_bytes_, routing_key_bytes_),
                       head.substr(exchange_bytes_ + routing_key_bytes_), body_, published_at_);
}

}  // namespace leveret::broker
