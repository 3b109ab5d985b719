#include "http/negotiation.h"

#include <algorithm>
#include <cstdlib>
#include <optional>
#include <string>

namespace leveret::http {
namespace {

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool is_same(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](char x, char y) { return lower(x) == lower(y); });
}

/// Calls `on` with each part of `list` between `separator`s, trimmed.
template <class F>
void for_each_part(std::string_view list, char separator, F on) {
  for (;;) {
    const std::size_t end = list.find(separator);
    on(trim(list.substr(0, end)));
    if (end == std::string_view::npos) return;
    list.remove_prefix(end + 1);
  }
}

/// Thousandths, 1000 when there is no weight; 0 for one that cannot be read.
int weight_of(std::string_view parameters) {
  int weight = 1000;
  for_each_part(parameters, ';', [&](std::string_view part) {
    if (part.size() < 2 || lower(part[0]) != 'q') return;
    const std::string_view value = trim(trim(part.substr(1)).substr(1));
    weight = 0;
    if (value.empty() || (value[0] != '0' && value[0] != '1')) return;
    int scale = 1000;
    for (const char c : value) {
      if (c == '.') continue;
      if (c < '0' || c > '9') return;
      weight += (c - '0') * scale;
      scale /= 10;
    }
  });
  return weight;
}

}  // namespace

bool prefers_gzip(std::string_view header) {
  std::optional<int> gzip;
  std::optional<int> identity;
  std::optional<int> any;
  for_each_part(header, ',', [&](std::string_view part) {
    const std::size_t semicolon = part.find(';');
    const std::string_view coding = trim(part.substr(0, semicolon));
    const int weight =
        semicolon == std::string_view::npos ? 1000 : weight_of(part.substr(semicolon + 1));
    if (is_same(coding, "gzip") || is_same(coding, "x-gzip")) gzip = weight;
    if (is_same(coding, "identity")) identity = weight;
    if (coding == "*") any = weight;
  });
  const int gzip_weight = gzip.value_or(any.value_or(0));
  return gzip_weight > 0 && gzip_weight >= identity.value_or(0);
}

int media_weight(std::string_view header, std::string_view type) {
  int weight = 0;
  for_each_part(header, ',', [&](std::string_view part) {
    const std::size_t semicolon = part.find(';');
    if (!is_same(trim(part.substr(0, semicolon)), type)) return;
    weight = std::max(
        weight, semicolon == std::string_view::npos ? 1000 : weight_of(part.substr(semicolon + 1)));
  });
  return weight;
}

bool matches_etag(std::string_view header, std::string_view etag) {
  bool matches = false;
  for_each_part(header, ',', [&](std::string_view part) {
    if (part.starts_with("W/")) part.remove_prefix(2);
    matches = matches || part == "*" || part == etag;
  });
  return matches && !header.empty();
}

std::string_view host_name(std::string_view authority) {
  if (authority.starts_with('[')) return authority.substr(0, authority.find(']') + 1);
  return authority.substr(0, authority.rfind(':'));
}

bool is_loopback_host(std::string_view authority) {
  const std::string_view host = host_name(authority);
  if (is_same(host, "localhost") || host == "[::1]") return true;
  // A name like 127.0.0.1.example.org is not an address.
  return host.starts_with("127.") &&
         host.find_first_not_of("0123456789.") == std::string_view::npos;
}

bool is_own_origin(std::string_view origin, std::string_view host) {
  for (const std::string_view scheme : {"http://", "https://"})
    if (origin.size() > scheme.size() && is_same(origin.substr(0, scheme.size()), scheme))
      return is_same(origin.substr(scheme.size()), host);
  return false;
}

}  // namespace leveret::http
