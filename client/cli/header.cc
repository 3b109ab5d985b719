#include "cli/header.h"

#include <charconv>
#include <limits>
#include <stdexcept>

#include "cli/json.h"

namespace leveret::cli {
namespace {

template <class T>
T parse_number(std::string_view name, std::string_view text, const char* what) {
  T value{};
  const char* end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc{} || stopped != end)
    throw std::invalid_argument("header '" + std::string(name) + "': '" + std::string(text) +
                                "' is not " + what);
  return value;
}

amqp::Value parse_json(std::string_view name, std::string_view text) {
  const Json json = Json::parse(text, nullptr, false);
  if (json.is_discarded())
    throw std::invalid_argument("header '" + std::string(name) + "': the value is not JSON");
  try {
    return from_json(json);
  } catch (const std::invalid_argument& error) {
    throw std::invalid_argument("header '" + std::string(name) + "': " + error.what());
  }
}

amqp::Value parse_bool(std::string_view name, std::string_view text) {
  if (text == "true") return true;
  if (text == "false") return false;
  throw std::invalid_argument("header '" + std::string(name) + "': a bool is true or false, not '" +
                              std::string(text) + "'");
}

amqp::Value parse_value(std::string_view name, std::string_view type, std::string_view text) {
  if (type == "text" || type == "string") return text;
  if (type == "int" || type == "int64" || type == "long")
    return parse_number<std::int64_t>(name, text, "a whole number of 64 bits");
  if (type == "int32") return parse_number<std::int32_t>(name, text, "a whole number of 32 bits");
  if (type == "int16") return parse_number<std::int16_t>(name, text, "a whole number of 16 bits");
  if (type == "int8") return parse_number<std::int8_t>(name, text, "a whole number of 8 bits");
  if (type == "float" || type == "double") return parse_number<double>(name, text, "a number");
  if (type == "bool") return parse_bool(name, text);
  if (type == "time")
    return amqp::Timestamp{parse_number<std::uint64_t>(name, text, "a number of seconds")};
  if (type == "json") return parse_json(name, text);
  if (type == "null") return {};
  throw std::invalid_argument("header '" + std::string(name) + "': unknown type '" +
                              std::string(type) + "'; known: " + header_types_text);
}

}  // namespace

const char* const header_types_text =
    "text, int, int32, int16, int8, float, bool, time, json, null";

std::pair<std::string, amqp::Value> parse_header(std::string_view text) {
  const std::size_t equals = text.find('=');
  if (equals == std::string_view::npos || equals == 0)
    throw std::invalid_argument("a header is written name=value or name:type=value, not '" +
                                std::string(text) + "'");
  std::string_view name = text.substr(0, equals);
  const std::string_view value = text.substr(equals + 1);
  std::string_view type = "text";
  if (const std::size_t colon = name.rfind(':'); colon != std::string_view::npos && colon != 0) {
    type = name.substr(colon + 1);
    name = name.substr(0, colon);
  }
  if (name.size() > std::numeric_limits<std::uint8_t>::max())
    throw std::invalid_argument("a header's name has at most 255 bytes");
  return {std::string(name), parse_value(name, type, value)};
}

}  // namespace leveret::cli
