#include "http/json.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <optional>

#include "base/limit_counts.h"
#include "base/overloaded.h"
#include "http/error.h"
#include "http/text.h"

namespace leveret::http {
namespace {

constexpr const char* base64_key = "$base64";
/// The library copies, compares and writes by recursion. Enough for a table of AMQP in what holds
/// it, and less than what is imported may have, which is what such a value is exported in.
constexpr int body_depth_max = 40;

Json bytes_to_json(std::string_view bytes) {
  if (is_utf8(bytes)) return bytes;
  return {{base64_key, base64_encode(bytes)}};
}

Json array_to_json(const amqp::Array& array) {
  Json items = Json::array();
  for (const amqp::Value& value : array) items.push_back(to_json(value));
  return items;
}

/// "line 2, column 7" of a byte position, both from 1.
std::string place_of(std::string_view body, std::size_t position) {
  const std::string_view before = body.substr(0, std::min(position, body.size()));
  const std::size_t newline = before.rfind('\n');
  const auto line = 1 + std::count(before.begin(), before.end(), '\n');
  const std::size_t column =
      newline == std::string_view::npos ? before.size() : before.size() - newline - 1;
  return "line " + std::to_string(line) + ", column " + std::to_string(column);
}

HttpError wrong_type(const std::string& where, const char* expected, const Json& value) {
  return bad_request("'" + where + "' is of type " + value.type_name() + ", " + expected +
                     " is expected");
}

/// Makes one table, within what a client of AMQP could send: more than that nobody could read back.
class TableMaker {
 public:
  amqp::Table make_table(const Json& object, const std::string& where, int depth) {
    if (!object.is_object()) throw wrong_type(where, "an object", object);
    check_depth(where, depth);
    amqp::Table table;
    for (const auto& [name, value] : object.items()) {
      if (name.size() > 255)
        throw bad_request("a name in '" + where + "' is longer than 255 bytes");
      table.append(name, make_value(value, where + "." + name, depth));
    }
    return table;
  }

 private:
  amqp::Value make_value(const Json& value, const std::string& where, int depth) {
    count_value(where);
    switch (value.type()) {
      case Json::value_t::null: return {};
      case Json::value_t::boolean: return value.get<bool>();
      case Json::value_t::number_integer: return value.get<std::int64_t>();
      case Json::value_t::number_float: return value.get<double>();
      case Json::value_t::string: return value.get<std::string>();
      case Json::value_t::number_unsigned: return make_number(value.get<std::uint64_t>(), where);
      case Json::value_t::array: return make_array(value, where, depth + 1);
      case Json::value_t::object: {
        if (value.size() == 1 && value.contains(base64_key) && value.at(base64_key).is_string()) {
          auto bytes = base64_decode(value.at(base64_key).get_ref<const std::string&>());
          if (!bytes) throw bad_request("'" + where + "' is not base64");
          return amqp::ByteArray{std::move(*bytes)};
        }
        return make_table(value, where, depth + 1);
      }
      case Json::value_t::binary:
      case Json::value_t::discarded: break;
    }
    throw wrong_type(where, "a JSON value", value);
  }

  static std::int64_t make_number(std::uint64_t number, const std::string& where) {
    if (number > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))
      throw bad_request("'" + where + "' does not fit a signed 64-bit integer");
    return static_cast<std::int64_t>(number);
  }

  amqp::Array make_array(const Json& items, const std::string& where, int depth) {
    check_depth(where, depth);
    amqp::Array array;
    for (const Json& item : items) array.push_back(make_value(item, where + "[]", depth));
    return array;
  }

  void check_depth(const std::string& where, int depth) const {
    if (depth <= limits_.depth) return;
    limits_reached.add(Limit::table_depth);
    throw bad_request("'" + where + "' is nested deeper than " + std::to_string(limits_.depth));
  }

  void count_value(const std::string& where) {
    if (++values_ <= limits_.values) return;
    limits_reached.add(Limit::table_values);
    throw bad_request("up to '" + where + "' there are more than " +
                      std::to_string(limits_.values) + " values");
  }

  const amqp::TableLimits limits_ = amqp::peer_table_limits.get();
  int values_ = 0;
};

const Json* find_member(const Json& object, const char* name) {
  const auto it = object.find(name);
  return it == object.end() || it->is_null() ? nullptr : &*it;
}

/// A property that AMQP sends as a short string.
std::optional<std::string> find_short_text(const Json& object, const char* name) {
  auto text = find_text(object, name);
  if (text && text->size() > 255)
    throw bad_request("property '" + std::string{name} + "' is longer than 255 bytes");
  return text;
}

bool is_natural(const Json& value) {
  return value.is_number_unsigned() ||
         (value.is_number_integer() && value.get<std::int64_t>() >= 0);
}

/// A property that is a number; text is refused, as in RabbitMQ.
std::optional<std::uint64_t> find_integer(const Json& object, const char* name) {
  const Json* member = find_member(object, name);
  if (!member) return std::nullopt;
  if (is_natural(*member)) return member->get<std::uint64_t>();
  throw wrong_type(name, "a whole number from 0", *member);
}

std::optional<std::uint8_t> find_octet(const Json& object, const char* name) {
  const auto number = find_integer(object, name);
  if (!number) return std::nullopt;
  if (*number > 255) throw bad_request("property '" + std::string{name} + "' is above 255");
  return static_cast<std::uint8_t>(*number);
}

/// RabbitMQ takes text only; many write the number of milliseconds as a number.
std::optional<std::string> find_expiration(const Json& object) {
  const Json* member = find_member(object, "expiration");
  if (member && is_natural(*member)) return std::to_string(member->get<std::uint64_t>());
  return find_short_text(object, "expiration");
}

}  // namespace

std::string dump(const Json& value) {
  return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Json parse_object(std::string_view body) {
  if (body.empty()) return Json::object();
  const auto check_depth = [](int depth, Json::parse_event_t, const Json&) {
    if (depth > body_depth_max)
      throw bad_request("the body is nested deeper than " + std::to_string(body_depth_max));
    return true;
  };
  Json value;
  try {
    value = Json::parse(body, check_depth);
  } catch (const Json::parse_error& error) {
    throw bad_request("the body is not JSON: broken at " + place_of(body, error.byte));
  } catch (const Json::out_of_range&) {
    throw bad_request("the body has a number that is too large: at most 1.8e308 is taken");
  }
  if (!value.is_object()) throw wrong_type("body", "an object", value);
  return value;
}

Json to_json(const amqp::Value& value) {
  return std::visit(Overloaded{
                        [](std::monostate) { return Json{}; },
                        [](const std::string& v) { return bytes_to_json(v); },
                        [](const amqp::ByteArray& v) { return bytes_to_json(v.bytes); },
                        [](const amqp::Array& v) { return array_to_json(v); },
                        [](const amqp::Table& v) { return to_json(v); },
                        [](amqp::Timestamp v) { return Json(v.seconds); },
                        [](amqp::Decimal v) { return Json(v.value / std::pow(10.0, v.scale)); },
                        [](auto v) { return Json(v); },
                    },
                    value.held());
}

Json to_json(const amqp::Table& table) {
  Json object = Json::object();
  // Of two entries of one name the first counts, as in Table::find.
  for (const auto& [name, value] : table) object.emplace(name, to_json(value));
  return object;
}

amqp::Table to_table(const Json& object, const std::string& where) {
  return TableMaker{}.make_table(object, where, 1);
}

Json to_json(const amqp::Properties& properties) {
  Json object = Json::object();
  const auto put = [&](const char* name, const std::optional<std::string>& text) {
    if (text) object[name] = bytes_to_json(*text);
  };
  put("content_type", properties.content_type);
  put("content_encoding", properties.content_encoding);
  if (properties.headers) object["headers"] = to_json(*properties.headers);
  if (properties.delivery_mode) object["delivery_mode"] = *properties.delivery_mode;
  if (properties.priority) object["priority"] = *properties.priority;
  put("correlation_id", properties.correlation_id);
  put("reply_to", properties.reply_to);
  put("expiration", properties.expiration);
  put("message_id", properties.message_id);
  if (properties.timestamp) object["timestamp"] = properties.timestamp->seconds;
  put("type", properties.type);
  put("user_id", properties.user_id);
  put("app_id", properties.app_id);
  put("cluster_id", properties.cluster_id);
  return object;
}

amqp::Properties to_properties(const Json& object) {
  amqp::Properties properties;
  properties.content_type = find_short_text(object, "content_type");
  properties.content_encoding = find_short_text(object, "content_encoding");
  if (find_member(object, "headers")) properties.headers = find_table(object, "headers");
  properties.delivery_mode = find_octet(object, "delivery_mode");
  properties.priority = find_octet(object, "priority");
  properties.correlation_id = find_short_text(object, "correlation_id");
  properties.reply_to = find_short_text(object, "reply_to");
  properties.expiration = find_expiration(object);
  properties.message_id = find_short_text(object, "message_id");
  if (const auto seconds = find_integer(object, "timestamp"))
    properties.timestamp = amqp::Timestamp{*seconds};
  properties.type = find_short_text(object, "type");
  properties.user_id = find_short_text(object, "user_id");
  properties.app_id = find_short_text(object, "app_id");
  properties.cluster_id = find_short_text(object, "cluster_id");
  return properties;
}

std::optional<std::string> find_text(const Json& object, const char* name) {
  const Json* member = find_member(object, name);
  if (!member) return std::nullopt;
  if (!member->is_string()) throw wrong_type(name, "a string", *member);
  return member->get<std::string>();
}

std::optional<bool> find_bool(const Json& object, const char* name) {
  const Json* member = find_member(object, name);
  if (!member) return std::nullopt;
  if (member->is_boolean()) return member->get<bool>();
  // rabbitmqadmin sends what was typed.
  if (*member == "true") return true;
  if (*member == "false") return false;
  throw wrong_type(name, "true or false", *member);
}

std::optional<std::uint64_t> find_number(const Json& object, const char* name) {
  const Json* member = find_member(object, name);
  if (!member || !member->is_string()) return find_integer(object, name);
  // rabbitmqadmin sends what was typed.
  const auto& text = member->get_ref<const std::string&>();
  std::uint64_t number = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc{} || stop != end) throw wrong_type(name, "a whole number from 0", *member);
  return number;
}

amqp::Table find_table(const Json& object, const char* name) {
  const Json* member = find_member(object, name);
  if (!member) return {};
  // An empty Erlang list is written [] by old tools.
  if (member->is_array() && member->empty()) return {};
  return to_table(*member, name);
}

std::string require_text(const Json& object, const char* name) {
  auto text = find_text(object, name);
  if (!text) throw bad_request("'" + std::string{name} + "' is missing");
  return std::move(*text);
}

}  // namespace leveret::http
