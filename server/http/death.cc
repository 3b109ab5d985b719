#include "http/death.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>

#include "http/text.h"

namespace leveret::http {
namespace {

constexpr std::array<std::string_view, 5> error_headers = {
    "x-error", "x-exception-message", "MT-Fault-Message", "error", "exception"};

std::string text_of(const amqp::Table& entry, std::string_view name) {
  const amqp::Value* value = entry.find(name);
  return value && value->as_string() ? *value->as_string() : std::string{};
}

std::int64_t number_of(const amqp::Table& entry, std::string_view name) {
  const amqp::Value* value = entry.find(name);
  if (!value) return 0;
  if (const auto* timestamp = value->get_if<amqp::Timestamp>())
    return static_cast<std::int64_t>(timestamp->seconds);
  return value->as_integer().value_or(0);
}

/// A client may have written any count.
std::int64_t sum_of(std::int64_t sum, std::int64_t count) {
  constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
  return sum + std::clamp(count, std::int64_t{0}, most - sum);
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
bool is_hex(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/// The length of an identifier at the start of `text`: hexadecimal groups joined by dashes that
/// make up a UUID, an address such as 0x7ffe12, or eight and more hexadecimal digits that are not
/// just a number. 0 when there is none.
std::size_t identifier_length(std::string_view text) {
  if (text.size() > 2 && text[0] == '0' && text[1] == 'x' && is_hex(text[2])) {
    const auto stop = std::find_if_not(text.begin() + 2, text.end(), is_hex);
    return static_cast<std::size_t>(stop - text.begin());
  }
  // Bounded, since it is tried anew at every character.
  text = text.substr(0, 129);
  std::size_t end = 0;
  std::size_t digits = 0;
  std::size_t dashes = 0;
  while (end < text.size() && (is_hex(text[end]) || (text[end] == '-' && end > 0))) {
    if (text[end] == '-') ++dashes;
    if (is_digit(text[end])) ++digits;
    ++end;
  }
  if (end < text.size() && is_letter(text[end])) return 0;
  if (dashes == 4 && end == 36) return end;
  const bool has_hex_letter = end > digits + dashes;
  return dashes == 0 && end >= 8 && digits > 0 && has_hex_letter ? end : 0;
}

std::size_t number_length(std::string_view text) {
  std::size_t end = 0;
  while (end < text.size() &&
         (is_digit(text[end]) || ((text[end] == '.' || text[end] == ',') && end + 1 < text.size() &&
                                  is_digit(text[end + 1]))))
    ++end;
  return end;
}

/// The length of a quoted text with its quotes, 0 when `text` does not start with one. An
/// apostrophe within a word, as in "can't", opens none; that is for the caller to see.
std::size_t quoted_length(std::string_view text) {
  const char quote = text[0];
  if (quote != '\'' && quote != '"' && quote != '`') return 0;
  const std::size_t end = text.find(quote, 1);
  return end == std::string_view::npos ? 0 : end + 1;
}

/// By itself, without those before it.
Death death_of(const amqp::Table& entry) {
  Death death;
  death.reason = text_of(entry, "reason");
  death.queue = text_of(entry, "queue");
  death.exchange = text_of(entry, "exchange");
  death.count = number_of(entry, "count");
  death.time = death.first_death_time = number_of(entry, "time");
  const amqp::Value* keys = entry.find("routing-keys");
  if (const auto* array = keys ? keys->get_if<amqp::Array>() : nullptr)
    for (const amqp::Value& key : *array)
      if (key.as_string()) death.routing_keys.push_back(*key.as_string());
  return death;
}

}  // namespace

std::optional<Death> read_death(const amqp::Table& headers) {
  const amqp::Value* value = headers.find("x-death");
  const auto* entries = value ? value->get_if<amqp::Array>() : nullptr;
  if (!entries) return std::nullopt;
  std::optional<Death> newest;
  for (const amqp::Value& item : *entries) {
    const auto* entry = item.get_if<amqp::Table>();
    if (!entry) continue;
    if (!newest) newest = death_of(*entry);
    newest->total_count = sum_of(newest->total_count, number_of(*entry, "count"));
    newest->first_death_time = std::min(newest->first_death_time, number_of(*entry, "time"));
  }
  return newest;
}

std::optional<std::string> read_error(const amqp::Table& headers) {
  for (const std::string_view name : error_headers) {
    const amqp::Value* value = headers.find(name);
    if (!value || value->is_void()) continue;
    if (const auto* bytes = value->get_if<amqp::ByteArray>()) return bytes->bytes;
    return amqp::to_text(*value);
  }
  return std::nullopt;
}

std::string normalise_error(std::string_view text) {
  constexpr std::size_t characters_max = 160;
  text = text.substr(0, text.find_first_of("\r\n"));
  // What is cut off below need not be looked at: a group key must stay cheap for hostile headers
  // too.
  text = cut_text(text, 4096);
  std::string normal;
  bool in_word = false;
  while (!text.empty()) {
    std::size_t length = 0;
    if (!in_word && (length = identifier_length(text)) > 0)
      normal += "{id}";
    else if (!in_word && (length = quoted_length(text)) > 0)
      normal += "{str}";
    else if ((length = number_length(text)) > 0)
      normal += '#';
    else
      normal += text[0];
    in_word = length == 0 ? is_letter(text[0]) : false;
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
  std::size_t end = 0;
  for (std::size_t characters = 0; end < normal.size(); ++end)
    if ((static_cast<unsigned char>(normal[end]) & 0xC0U) != 0x80U && ++characters > characters_max)
      break;
  normal.resize(end);
  return normal;
}

}  // namespace leveret::http
