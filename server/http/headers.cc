#include "http/headers.h"

#include <algorithm>
#include <ctime>
#include <string>

namespace leveret::http {
namespace {

namespace bhttp = boost::beast::http;

/// The dashboard needs its own files and our API, nothing else; what is not allowed here is
/// forbidden.
constexpr const char* content_security_policy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; font-src 'self'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'";

/// "Tue, 24 Nov 2026 06:00:00 GMT", in English whatever the locale.
std::string http_date() {
  static constexpr const char* days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr const char* months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                           "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const std::time_t now = std::time(nullptr);
  std::tm utc{};
  gmtime_r(&now, &utc);
  char text[40];
  const int size = std::snprintf(text, sizeof(text), "%s, %02d %s %04d %02d:%02d:%02d GMT",
                                 days[utc.tm_wday], utc.tm_mday, months[utc.tm_mon],
                                 utc.tm_year + 1900, utc.tm_hour, utc.tm_min, utc.tm_sec);
  return {text, static_cast<std::size_t>(size)};
}

}  // namespace

void put_headers(bhttp::response_header<>& header, const Response& response) {
  header.set(bhttp::field::server, "Leveret");
  header.set(bhttp::field::date, http_date());
  header.set("Content-Security-Policy", content_security_policy);
  header.set("X-Content-Type-Options", "nosniff");
  header.set("Referrer-Policy", "no-referrer");
  header.set("Cross-Origin-Opener-Policy", "same-origin");
  header.set("Cross-Origin-Resource-Policy", "same-origin");
  header.set("Permissions-Policy", "camera=(), geolocation=(), microphone=()");
  header.set("X-Frame-Options", "DENY");
  // Assets say themselves how long they keep.
  header.set(bhttp::field::cache_control, "no-store");
  const bool has_type = !response.content_type.empty() &&
                        (!response.body.empty() || response.events || response.chunks);
  if (has_type) header.set(bhttp::field::content_type, response.content_type);
  for (const auto& [name, value] : response.headers) header.set(name, value);
}

}  // namespace leveret::http
