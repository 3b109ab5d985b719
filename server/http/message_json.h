#pragma once

#include <cstddef>
#include <limits>
#include <string>

#include "broker/inspect.h"
#include "broker/vhost.h"
#include "http/json.h"

/// Messages as JSON, both ways.
namespace leveret::http {

/// As text when it is UTF-8, else base64; or always base64.
enum class PayloadEncoding { automatic, base64 };

inline constexpr std::size_t payload_whole = std::numeric_limits<std::size_t>::max();

/// Adds payload, payload_bytes (of the whole body), payload_encoding and, when asked for,
/// truncated. No character is cut in two.
void put_payload(Json& item, std::string_view body, PayloadEncoding encoding,
                 std::size_t bytes_max);

/// RabbitMQ's answer to "get", one item.
Json taken_json(const broker::TakenMessage& taken, PayloadEncoding encoding, std::size_t bytes_max);

/// A message as browsing shows it, with why it died and what its consumer said.
Json browsed_json(const broker::BrowsedMessage& browsed, std::size_t bytes_max);

/// The body of a publish request as a message to `exchange` by `user`. Throws HttpError 400 for
/// broken JSON values and amqp::Error for what a channel would refuse.
broker::MessagePtr make_message(const Json& publication, const std::string& exchange,
                                const std::string& user, TimeMs now);

}  // namespace leveret::http
