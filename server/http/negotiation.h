#pragma once

#include <string_view>

namespace leveret::http {

/// Whether gzip is acceptable to an `Accept-Encoding` of `header`, and no less welcome than the
/// plain bytes (RFC 9110, 12.5.3).
bool prefers_gzip(std::string_view header);

/// How welcome the media type `type` is to an `Accept` of `header`, in thousandths: 0 where only
/// others are named. Ranges such as text/* do not count, nor do parameters other than q.
int media_weight(std::string_view header, std::string_view type);

/// Whether `If-None-Match: header` names `etag`, a strong tag with its quotes: a list, weak tags
/// and `*` included (RFC 9110, 13.1.2).
bool matches_etag(std::string_view header, std::string_view etag);

/// `host` of "host:port" or "[v6]:port", without the port.
std::string_view host_name(std::string_view authority);
/// Whether a Host header names this machine itself: localhost, 127.x.x.x or [::1].
bool is_loopback_host(std::string_view authority);
/// Whether an Origin header is a page of the server that `host` (the Host header) names.
bool is_own_origin(std::string_view origin, std::string_view host);

}  // namespace leveret::http
