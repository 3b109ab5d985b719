#pragma once

#include <optional>
#include <string_view>

namespace leveret::http {

/// Whether a body of this Content-Type is a form with files (RFC 7578).
bool is_form(std::string_view content_type);
/// The part `name` of such a body, which keeps its bytes. Throws HttpError 400 when the body is no
/// such form or has no such part.
std::string_view form_part(std::string_view body, std::string_view content_type,
                           std::string_view name);

}  // namespace leveret::http
