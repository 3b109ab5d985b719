#include "http/definitions/item.h"

#include "broker/pattern.h"
#include "http/error.h"

namespace leveret::http {
namespace {

constexpr std::size_t name_bytes_max = 255;

/// Which argument an error text of the broker is about: "invalid arg 'x-max-length' for ...".
std::string argument_in(std::string_view reason) {
  constexpr std::string_view before = "arg '";
  const std::size_t start = reason.find(before);
  if (start == std::string_view::npos) return {};
  reason.remove_prefix(start + before.size());
  return "." + std::string{reason.substr(0, reason.find('\''))};
}

}  // namespace

void ImportErrors::add(std::string place, std::string reason) {
  if (!is_full()) errors_.push_back({std::move(place), std::move(reason)});
}

std::string place_of(std::string_view list, std::size_t place) {
  return std::string{list} + "[" + std::to_string(place) + "]";
}

void Item::refuse(std::string_view name, const std::string& reason) const {
  std::string place = place_of(list_, place_);
  if (!name.empty()) place += "." + std::string{name};
  if (name == "arguments") place += argument_in(reason);
  errors_.add(std::move(place), reason);
}

const Json* Item::find(const char* name) const {
  const auto found = object_.find(name);
  return found == object_.end() || found->is_null() ? nullptr : &*found;
}

bool Item::has(const char* name) const {
  return find(name) != nullptr;
}

std::optional<std::string> Item::find_text(const char* name) const {
  return member(name, [&] { return http::find_text(object_, name); });
}

std::string Item::text(const char* name) const {
  if (!has(name)) {
    refuse(name, "is missing");
    return {};
  }
  return find_text(name).value_or("");
}

std::string Item::name(const char* name) const {
  std::string value = text(name);
  if (value.size() > name_bytes_max)
    refuse(name, "holds " + std::to_string(value.size()) + " bytes, 255 are allowed");
  return value;
}

bool Item::flag(const char* name) const {
  return member(name, [&] { return find_bool(object_, name); }).value_or(false);
}

amqp::Table Item::table(const char* name) const {
  const Json* value = find(name);
  // An empty Erlang list is written [].
  if (!value || (value->is_array() && value->empty())) return {};
  try {
    return to_table(*value, place_of(list_, place_) + "." + name);
  } catch (const HttpError& error) {
    refuse(name, error.what());
    return {};
  }
}

std::string Item::pattern(const char* name) const {
  std::string value = text(name);
  try {
    broker::Pattern{value};
  } catch (const broker::PatternError& error) {
    refuse(name, "is '" + value + "', no regular expression: " + error.what() + " at byte " +
                     std::to_string(error.position));
  }
  return value;
}

}  // namespace leveret::http
