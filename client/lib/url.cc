#include "lib/url.h"

#include <algorithm>
#include <charconv>
#include <stdexcept>
#include <utility>

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

/// A name, or an address: what is neither cannot be written in an address again either.
void check_host(std::string_view host) {
  const bool is_ipv6 = host.find(':') != std::string_view::npos;
  const bool is_right = std::ranges::all_of(host, [&](char c) {
    return is_unreserved(c) || (static_cast<unsigned char>(c) & 0x80U) != 0 ||
           (is_ipv6 && (c == ':' || c == '%'));  // fe80::1%eth0
  });
  if (!is_right) throw std::invalid_argument("the host has a character that no host has");
}

void take_parameter(Url& url, std::string_view name, const std::string& value) {
  if (name == "heartbeat") {
    url.heartbeat_s = parse_u16(value);
    if (!url.heartbeat_s)
      throw std::invalid_argument("heartbeat must be a number of seconds from 0 to 65535");
  } else if (name == "auth_mechanism") {
    if (value != "plain" && value != "external")
      throw std::invalid_argument("auth_mechanism must be plain or external");
    url.is_external = value == "external";
  } else if (!url.tls.take(name, value)) {
    throw std::invalid_argument("unknown parameter '" + std::string(name) +
                                "' after '?': heartbeat, auth_mechanism, cacertfile, certfile, "
                                "keyfile, verify and server_name_indication are known");
  }
}

void check_tls(const Url& url) {
  if (!url.is_tls && url.tls != TlsOptions{})
    throw std::invalid_argument("parameters of TLS in an address without it: write amqps://");
  if (url.is_external && (!url.is_tls || url.tls.certfile.empty()))
    throw std::invalid_argument(
        "auth_mechanism=external is a login by certificate: it needs amqps:// and certfile");
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

bool TlsOptions::take(std::string_view name, std::string_view value) {
  if (name == "cacertfile") {
    cacertfile = value;
  } else if (name == "certfile") {
    certfile = value;
  } else if (name == "keyfile") {
    keyfile = value;
  } else if (name == "server_name_indication") {
    server_name = value;
  } else if (name == "verify") {
    if (value != "verify_peer" && value != "verify_none")
      throw std::invalid_argument("verify must be verify_peer or verify_none");
    verifies_peer = value == "verify_peer";
  } else {
    return false;
  }
  return true;
}

std::string TlsOptions::query() const {
  std::string text = verifies_peer ? "verify=verify_peer" : "verify=verify_none";
  for (const auto& [name, value] :
       {std::pair<const char*, const std::string&>{"cacertfile", cacertfile},
        {"certfile", certfile},
        {"keyfile", keyfile},
        {"server_name_indication", server_name}})
    if (!value.empty()) text += std::string{"&"} + name + "=" + percent_encode(value);
  return text;
}

Url Url::parse(std::string_view text) {
  const UrlParts parts = split_url(text);
  if (parts.scheme != "amqp" && parts.scheme != "amqps")
    throw std::invalid_argument("the scheme must be amqp:// or amqps://");
  Url url;
  url.is_tls = parts.scheme == "amqps";
  if (url.is_tls) url.port = 5671;
  if (parts.user) url.user = *parts.user;
  if (parts.password) url.password = *parts.password;
  if (!parts.host.empty()) url.host = percent_decode(parts.host);
  check_host(url.host);
  if (parts.port) url.port = *parts.port;
  if (parts.path.size() > 1) {
    if (parts.path.find('/', 1) != std::string_view::npos)
      throw std::invalid_argument("the virtual host must be one path segment: write %2F for '/'");
    url.vhost = percent_decode(parts.path.substr(1));
  }
  for_each_parameter(parts.query, [&](std::string_view name, const std::string& value) {
    take_parameter(url, name, value);
  });
  check_tls(url);
  return url;
}

std::string Url::authority() const {
  const bool is_ipv6 = host.find(':') != std::string::npos;
  return (is_ipv6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

std::string Url::to_string() const {
  std::string place = authority();
  for (std::size_t at = place.find('%'); at != std::string::npos; at = place.find('%', at + 1))
    place.insert(at + 1, "25");
  return (is_tls ? "amqps://" : "amqp://") + percent_encode(user) + "@" + place + "/" +
         percent_encode(vhost);
}

}  // namespace leveret::client
