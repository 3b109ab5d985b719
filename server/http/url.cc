#include "http/url.h"

#include <algorithm>
#include <charconv>

#include "http/error.h"

namespace leveret::http {
namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool is_unreserved(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
         c == '.' || c == '_' || c == '~';
}

}  // namespace

std::optional<std::string> percent_decode(std::string_view text) {
  std::string decoded;
  decoded.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded += text[i];
      continue;
    }
    if (i + 2 >= text.size()) return std::nullopt;
    const int high = hex_digit(text[i + 1]);
    const int low = hex_digit(text[i + 2]);
    if (high < 0 || low < 0) return std::nullopt;
    decoded += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return decoded;
}

std::string percent_encode(std::string_view text) {
  static constexpr std::string_view digits = "0123456789ABCDEF";
  std::string encoded;
  encoded.reserve(text.size());
  for (const char c : text) {
    if (is_unreserved(c)) {
      encoded += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    encoded += '%';
    encoded += digits[byte >> 4U];
    encoded += digits[byte & 0xFU];
  }
  return encoded;
}

std::uint64_t parse_number(std::string_view text, const std::string& what) {
  std::uint64_t number = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  if (text.empty() || error != std::errc{} || stop != end)
    throw bad_request(what + " is '" + std::string{text} + "', a whole number is expected");
  return number;
}

Query::Query(std::string_view text) {
  while (!text.empty()) {
    const std::string_view entry = text.substr(0, text.find('&'));
    text.remove_prefix(std::min(entry.size() + 1, text.size()));
    if (entry.empty()) continue;
    const std::size_t equals = entry.find('=');
    const std::string_view name = entry.substr(0, equals);
    const std::string_view value =
        equals == std::string_view::npos ? std::string_view{} : entry.substr(equals + 1);
    entries_.emplace_back(percent_decode(name).value_or(std::string{name}), value);
  }
}

std::optional<std::string_view> Query::raw(std::string_view name) const {
  const auto it =
      std::ranges::find(entries_, name, [](const auto& e) { return std::string_view{e.first}; });
  if (it == entries_.end()) return std::nullopt;
  return it->second;
}

namespace {

std::string decode_value(std::string_view name, std::string_view raw) {
  std::string text{raw};
  std::ranges::replace(text, '+', ' ');
  auto decoded = percent_decode(text);
  if (!decoded)
    throw bad_request("broken percent escape in the value of '" + std::string{name} + "'");
  return std::move(*decoded);
}

}  // namespace

std::optional<std::string> Query::value(std::string_view name) const {
  const auto found = raw(name);
  if (!found) return std::nullopt;
  return decode_value(name, *found);
}

std::vector<std::string> Query::values(std::string_view name) const {
  std::vector<std::string> found;
  for (const auto& [key, text] : entries_)
    if (key == name) found.push_back(decode_value(name, text));
  return found;
}

std::optional<std::uint64_t> Query::number(std::string_view name, std::uint64_t low,
                                           std::uint64_t high) const {
  const auto text = value(name);
  if (!text) return std::nullopt;
  const std::uint64_t number = parse_number(*text, "'" + std::string{name} + "'");
  if (number < low || number > high)
    throw bad_request("'" + std::string{name} + "' is " + *text + ", a number from " +
                      std::to_string(low) + " to " + std::to_string(high) + " is expected");
  return number;
}

bool Query::flag(std::string_view name) const {
  const auto text = raw(name);
  return text && (text->empty() || *text == "true" || *text == "1");
}

std::optional<Target> parse_target(std::string_view text) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (!text.starts_with(scheme)) continue;
    const std::size_t path = text.find('/', scheme.size());
    text = path == std::string_view::npos ? "/" : text.substr(path);
  }
  if (!text.starts_with('/')) return std::nullopt;
  text = text.substr(0, text.find('#'));
  Target target;
  const std::size_t question = text.find('?');
  if (question != std::string_view::npos) target.query = Query{text.substr(question + 1)};
  std::string_view path =
      text.substr(1, question == std::string_view::npos ? question : question - 1);
  if (path.empty()) return target;
  for (;;) {
    const std::size_t slash = path.find('/');
    auto segment = percent_decode(path.substr(0, slash));
    if (!segment) return std::nullopt;
    target.segments.push_back(std::move(*segment));
    if (slash == std::string_view::npos) return target;
    path.remove_prefix(slash + 1);
  }
}

}  // namespace leveret::http
