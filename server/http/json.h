#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "amqp/properties.h"
#include "amqp/table.h"

/// JSON to and from AMQP's tables and properties, as RabbitMQ's management API writes them.
namespace leveret::http {

using Json = nlohmann::json;

/// The text of `value`; bytes that are not UTF-8 become U+FFFD.
std::string dump(const Json& value);

/// A request's body as an object; an empty body is an empty object, as in RabbitMQ. Throws
/// HttpError 400 that names the line and column of what is wrong.
Json parse_object(std::string_view body);

/// Integers, decimals and timestamps become numbers, text becomes strings, void becomes null. Bytes
/// that are not UTF-8 become {"$base64": "..."}, since JSON has no bytes.
Json to_json(const amqp::Table& table);
Json to_json(const amqp::Value& value);
/// The other way, with RabbitMQ's types: integers are 64 bits wide, other numbers doubles. `where`
/// names the table in errors. Throws HttpError 400.
amqp::Table to_table(const Json& object, const std::string& where);

/// Only the properties that the message has; `headers` only when it has any.
Json to_json(const amqp::Properties& properties);
/// Unknown names are ignored, as in RabbitMQ. Throws HttpError 400 for a value of the wrong type.
amqp::Properties to_properties(const Json& object);

/// The member `name` as what it has to be; nothing when it is absent or null. Throw HttpError 400.
std::optional<std::string> find_text(const Json& object, const char* name);
std::optional<bool> find_bool(const Json& object, const char* name);
std::optional<std::uint64_t> find_number(const Json& object, const char* name);
/// An empty table when it is absent.
amqp::Table find_table(const Json& object, const char* name);
/// Throws HttpError 400 when it is absent.
std::string require_text(const Json& object, const char* name);

}  // namespace leveret::http
