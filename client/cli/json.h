#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "amqp/properties.h"
#include "amqp/table.h"

namespace leveret::cli {

/// Keeps the order in which fields were added, as people read them.
using Json = nlohmann::ordered_json;

/// A value as the HTTP API shows it: bytes as base64 in {"!bytes": …}, timestamps in seconds.
Json to_json(const amqp::Value& value);
Json to_json(const amqp::Table& table);
/// Only the properties that are set, with RabbitMQ's names.
Json to_json(const amqp::Properties& properties);
/// The AMQP value a JSON value stands for: integers as 64 bit, objects as tables. Throws
/// std::invalid_argument for a number of more bits, a name of more than 255 bytes, and more levels
/// than the broker takes.
amqp::Value from_json(const Json& json);

/// A text that is UTF-8 as it is, other bytes escaped; never fails.
std::string dump(const Json& json, int indent = -1);
/// Prints the document and a line feed; to a terminal in ASCII, so that it cannot drive it.
void print_json(const Json& json);
/// {"payload", "payload_encoding": "string"|"base64", "payload_bytes"} of a body.
void add_payload(Json& to, std::string_view body);

/// What stands at `pointer`, such as "/death/reason": text as it is, other values as JSON, nothing
/// when it is missing or null.
std::string text_at(const Json& json, const char* pointer);
/// The number at `pointer`; 0 when there is none.
std::uint64_t number_at(const Json& json, const char* pointer);
double real_at(const Json& json, const char* pointer);

}  // namespace leveret::cli
