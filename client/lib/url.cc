#include "lib/url.h"

#include <algorithm>
#include <charconv>
#include <stdexcept>

namespace leveret::client {
namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool is_unreserved(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '.' || c == '_' || c == '~';
}

/// A decimal number in the range of 16 bits; nothing else around it.
std::optional<std::uint16_t> parse_u16(std::string_view text) {
  std::uint16_t value = 0;
  const char* end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc{} || stopped != end) return std::nullopt;
  return value;
}

/// Cuts `rest` at the first of `marks` and returns what is before it; `rest` keeps the mark.
std::string_view cut_before(std::string_view& rest, std::string_view marks) {
  const std::size_t at = std::min(rest.find_first_of(marks), rest.size());
  const std::string_view head = rest.substr(0, at);
  rest.remove_prefix(at);
  return head;
}

void split_host_and_port(std::string_view authority, UrlParts& parts) {
  if (authority.starts_with('[')) {
    const std::size_t close = authority.find(']');
    if (close == std::string_view::npos)
      throw std::invalid_argument("the host's '[' has no ']' behind it");
    parts.host = authority.substr(1, close - 1);
    authority.remove_prefix(close + 1);
  } else {
    parts.host = cut_before(authority, ":");
  }
  if (authority.empty() || authority == ":") return;
  parts.port = authority.starts_with(':') ? parse_u16(authority.substr(1)) : std::nullopt;
  if (!parts.port || *parts.port == 0)
    throw std::invalid_argument("the port must be a number from 1 to 65535");
}

void split_user(std::string_view user_and_password, UrlParts& parts) {
  const std::size_t colon = user_and_password.find(':');
  parts.user = percent_decode(user_and_password.substr(0, colon));
  if (colon != std::string_view::npos)
    parts.password = percent_decode(user_and_password.substr(colon + 1));
}

void read_query(std::string_view query, Url& url) {
  while (!query.empty()) {
    std::string_view pair = cut_before(query, "&");
    if (!query.empty()) query.remove_prefix(1);
    const std::string_view name = cut_before(pair, "=");
    if (name != "heartbeat")
      throw std::invalid_argument("unknown parameter '" + std::string(name) +
                                  "' after '?': only heartbeat=SECONDS is known");
    url.heartbeat_s = parse_u16(pair.empty() ? pair : pair.substr(1));
    if (!url.heartbeat_s)
      throw std::invalid_argument("heartbeat must be a number of seconds from 0 to 65535");
  }
}

}  // namespace

std::string percent_decode(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    const int high = i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
    const int low = high >= 0 ? hex_digit(text[i + 2]) : -1;
    if (low < 0)
      throw std::invalid_argument("a '%' must be followed by two hexadecimal digits (write %25)");
    out += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return out;
}

std::string percent_encode(std::string_view text) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    if (is_unreserved(c)) {
      out += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    out += '%';
    out += digits[byte >> 4U];
    out += digits[byte & 0xfU];
  }
  return out;
}

UrlParts split_url(std::string_view text) {
  UrlParts parts;
  const std::size_t scheme_end = text.find("://");
  if (scheme_end == std::string_view::npos)
    throw std::invalid_argument(
        "no '://': an address looks like scheme://user:password@host:port/");
  parts.scheme = text.substr(0, scheme_end);
  text.remove_prefix(scheme_end + 3);
  std::string_view authority = cut_before(text, "/?#");
  parts.path = cut_before(text, "?#");
  if (text.starts_with('?')) {
    text.remove_prefix(1);
    parts.query = cut_before(text, "#");
  }
  if (const std::size_t at = authority.rfind('@'); at != std::string_view::npos) {
    split_user(authority.substr(0, at), parts);
    authority.remove_prefix(at + 1);
  }
  split_host_and_port(authority, parts);
  return parts;
}

Url Url::parse(std::string_view text) {
  const UrlParts parts = split_url(text);
  if (parts.scheme == "amqps")
    throw std::invalid_argument(
        "amqps:// (TLS) is not supported yet: use amqp://, or a TLS tunnel in front of the broker");
  if (parts.scheme != "amqp") throw std::invalid_argument("the scheme must be amqp://");
  Url url;
  if (parts.user) url.user = *parts.user;
  if (parts.password) url.password = *parts.password;
  if (!parts.host.empty()) url.host = percent_decode(parts.host);
  if (parts.port) url.port = *parts.port;
  if (parts.path.size() > 1) {
    if (parts.path.find('/', 1) != std::string_view::npos)
      throw std::invalid_argument("the virtual host must be one path segment: write %2F for '/'");
    url.vhost = percent_decode(parts.path.substr(1));
  }
  read_query(parts.query, url);
  return url;
}

std::string Url::authority() const {
  const bool is_ipv6 = host.find(':') != std::string::npos;
  return (is_ipv6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

std::string Url::to_string() const {
  return "amqp://" + percent_encode(user) + "@" + authority() + "/" + percent_encode(vhost);
}

}  // namespace leveret::client
