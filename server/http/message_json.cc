#include "http/message_json.h"

#include "amqp/properties.h"
#include "http/death.h"
#include "http/error.h"
#include "http/text.h"

namespace leveret::http {
namespace {

/// A message that was stored by an earlier version or damaged must still be shown.
amqp::Properties read_properties_leniently(std::string_view raw) {
  try {
    return amqp::read_properties(raw);
  } catch (const amqp::Error&) {
    return {};
  }
}

Json death_json(const amqp::Table& headers) {
  const auto death = read_death(headers);
  if (!death) return nullptr;
  return {
      {"reason", death->reason},
      {"queue", death->queue},
      {"exchange", death->exchange},
      {"routing_keys", death->routing_keys},
      {"count", death->count},
      {"time", death->time},
      {"first_death_time", death->first_death_time},
      {"total_count", death->total_count},
      {"deaths", to_json(*headers.find("x-death"))},
  };
}

std::string decode_payload(const Json& publication) {
  std::string payload = require_text(publication, "payload");
  const std::string encoding = find_text(publication, "payload_encoding").value_or("string");
  if (encoding == "string") return payload;
  if (encoding != "base64")
    throw bad_request("'payload_encoding' is '" + encoding + "', 'string' or 'base64' is expected");
  auto bytes = base64_decode(payload);
  if (!bytes) throw bad_request("'payload' is not base64");
  return std::move(*bytes);
}

}  // namespace

void put_payload(Json& item, std::string_view body, PayloadEncoding encoding,
                 std::size_t bytes_max) {
  const std::string_view text = cut_text(body, bytes_max);
  const bool as_text = encoding == PayloadEncoding::automatic && is_utf8(text);
  const std::string_view shown = as_text ? text : body.substr(0, bytes_max);
  item["payload_bytes"] = body.size();
  item["payload_encoding"] = as_text ? "string" : "base64";
  item["payload"] = as_text ? std::string{shown} : base64_encode(shown);
}

Json taken_json(const broker::TakenMessage& taken, PayloadEncoding encoding,
                std::size_t bytes_max) {
  const broker::Message& message = *taken.message;
  Json item{
      {"exchange", message.exchange()},
      {"routing_key", message.routing_key()},
      {"redelivered", taken.redelivered},
      {"message_count", taken.messages_left},
      {"properties", to_json(read_properties_leniently(message.properties()))},
  };
  put_payload(item, message.body(), encoding, bytes_max);
  return item;
}

Json browsed_json(const broker::BrowsedMessage& browsed, std::size_t bytes_max) {
  const broker::Message& message = *browsed.message;
  const amqp::Properties properties = read_properties_leniently(message.properties());
  const amqp::Table headers = properties.headers.value_or(amqp::Table{});
  const auto error = read_error(headers);
  Json item{
      {"seq", browsed.seq},
      {"state", browsed.is_unacked ? "unacked" : "ready"},
      {"redelivered", browsed.redelivered},
      {"delivery_count", browsed.delivery_count},
      {"exchange", message.exchange()},
      {"routing_key", message.routing_key()},
      {"published_at", message.published_at()},
      {"properties", to_json(properties)},
      {"death", death_json(headers)},
      {"error", error ? Json(*error) : Json{}},
      {"truncated", message.body().size() > bytes_max},
  };
  put_payload(item, message.body(), PayloadEncoding::automatic, bytes_max);
  return item;
}

broker::MessagePtr make_message(const Json& publication, const std::string& exchange,
                                const std::string& user, TimeMs now) {
  const std::string routing_key = require_text(publication, "routing_key");
  const std::string body = decode_payload(publication);
  const auto it = publication.find("properties");
  const bool has_properties =
      it != publication.end() && !it->is_null() && !(it->is_array() && it->empty());
  if (has_properties && !it->is_object()) throw bad_request("'properties' is not an object");
  const amqp::Properties properties = has_properties ? to_properties(*it) : amqp::Properties{};
  if (properties.user_id && *properties.user_id != user)
    throw amqp::Error{amqp::ReplyCode::precondition_failed,
                      "user_id property set to '" + *properties.user_id +
                          "' but authenticated user was '" + user + "'"};
  if (routing_key.size() > 255 || exchange.size() > 255)
    throw bad_request("'routing_key' and the exchange's name hold at most 255 bytes");
  const std::string encoded = amqp::write_properties(properties);
  amqp::check_properties(encoded);  // the same limits as for a message that came by AMQP
  auto message = broker::Message::make(exchange, routing_key, encoded, body, now);
  if (message->ttl_ms() == broker::Message::ttl_invalid) {
    const std::string expiration = properties.expiration.value_or("");
    throw amqp::Error{
        amqp::ReplyCode::precondition_failed,
        "invalid expiration '" + expiration + "': " + broker::why_invalid_expiration(expiration)};
  }
  return message;
}

}  // namespace leveret::http
