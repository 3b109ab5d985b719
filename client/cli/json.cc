#include "cli/json.h"

#include <cmath>
#include <limits>
#include <stdexcept>

#include "base/overloaded.h"
#include "cli/terminal.h"
#include "cli/text.h"

namespace leveret::cli {
namespace {

double to_double(const amqp::Decimal& decimal) {
  return decimal.value / std::pow(10, decimal.scale);
}

/// On that level, which counts only what is nested.
amqp::Value value_of(const Json& json, int depth) {
  const bool is_level = json.is_array() || json.is_object();
  if (is_level && depth > amqp::default_peer_table_limits.depth)
    throw std::invalid_argument("JSON is nested too deeply: with the table of headers there are " +
                                std::to_string(amqp::default_peer_table_limits.depth) + " levels");
  switch (json.type()) {
    case Json::value_t::boolean: return json.get<bool>();
    case Json::value_t::number_integer: return json.get<std::int64_t>();
    case Json::value_t::number_unsigned:
      if (json.get<std::uint64_t>() > std::uint64_t{std::numeric_limits<std::int64_t>::max()})
        throw std::invalid_argument(json.dump() + " does not fit a signed 64-bit integer");
      return json.get<std::int64_t>();
    case Json::value_t::number_float: return json.get<double>();
    case Json::value_t::string: return json.get<std::string>();
    case Json::value_t::array: {
      amqp::Array array;
      for (const Json& element : json) array.push_back(value_of(element, depth + 1));
      return array;
    }
    case Json::value_t::object: {
      amqp::Table table;
      for (const auto& [name, value] : json.items()) {
        if (name.size() > 255)
          throw std::invalid_argument("a name in JSON is longer than 255 bytes");
        table.append(name, value_of(value, depth + 1));
      }
      return table;
    }
    case Json::value_t::null:
    case Json::value_t::binary:
    case Json::value_t::discarded: break;
  }
  return {};
}

}  // namespace

Json to_json(const amqp::Value& value) {
  return std::visit(Overloaded{
                        [](std::monostate) { return Json(nullptr); },
                        [](const amqp::Decimal& v) { return Json(to_double(v)); },
                        [](const std::string& v) {
                          return is_utf8(v) ? Json(v) : Json{{"!bytes", base64(v)}};
                        },
                        [](const amqp::ByteArray& v) {
                          return Json{{"!bytes", base64(v.bytes)}};
                        },
                        [](amqp::Timestamp v) { return Json(v.seconds); },
                        [](const amqp::Table& v) { return to_json(v); },
                        [](const amqp::Array& v) {
                          Json array = Json::array();
                          for (const amqp::Value& element : v) array.push_back(to_json(element));
                          return array;
                        },
                        [](auto number) { return Json(number); },
                    },
                    value.held());
}

Json to_json(const amqp::Table& table) {
  Json object = Json::object();
  for (const auto& [name, value] : table) object[name] = to_json(value);
  return object;
}

Json to_json(const amqp::Properties& properties) {
  Json object = Json::object();
  const auto add = [&](const char* name, const auto& member) {
    if (member) object[name] = *member;
  };
  add("content_type", properties.content_type);
  add("content_encoding", properties.content_encoding);
  add("delivery_mode", properties.delivery_mode);
  add("priority", properties.priority);
  add("correlation_id", properties.correlation_id);
  add("reply_to", properties.reply_to);
  add("expiration", properties.expiration);
  add("message_id", properties.message_id);
  if (properties.timestamp) object["timestamp"] = properties.timestamp->seconds;
  add("type", properties.type);
  add("user_id", properties.user_id);
  add("app_id", properties.app_id);
  add("cluster_id", properties.cluster_id);
  if (properties.headers) object["headers"] = to_json(*properties.headers);
  return object;
}

amqp::Value from_json(const Json& json) {
  return value_of(json, 2);  // the table of headers around it is the first
}

std::string dump(const Json& json, int indent) {
  return json.dump(indent, ' ', false, Json::error_handler_t::replace);
}

void print_json(const Json& json) {
  print(json.dump(-1, ' ', is_output_terminal(), Json::error_handler_t::replace) + "\n");
}

void add_payload(Json& to, std::string_view body) {
  const bool is_text = is_utf8(body);
  to["payload_bytes"] = body.size();
  to["payload_encoding"] = is_text ? "string" : "base64";
  to["payload"] = is_text ? std::string{body} : base64(body);
}

std::string text_at(const Json& json, const char* pointer) {
  const Json::json_pointer at{pointer};
  if (!json.contains(at) || json[at].is_null()) return {};
  return json[at].is_string() ? json[at].get<std::string>() : dump(json[at]);
}

std::uint64_t number_at(const Json& json, const char* pointer) {
  const Json::json_pointer at{pointer};
  return json.contains(at) && json[at].is_number() ? json[at].get<std::uint64_t>() : 0;
}

double real_at(const Json& json, const char* pointer) {
  const Json::json_pointer at{pointer};
  return json.contains(at) && json[at].is_number() ? json[at].get<double>() : 0;
}

}  // namespace leveret::cli
