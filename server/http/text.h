#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace leveret::http {

/// True for well-formed UTF-8: no overlong form, no surrogate, nothing above U+10FFFF.
bool is_utf8(std::string_view bytes);

/// The first `bytes_max` bytes, without a character that this would cut in two.
std::string_view cut_text(std::string_view bytes, std::size_t bytes_max);

std::string base64_encode(std::string_view bytes);
/// Standard alphabet with padding (RFC 4648, section 4); nothing for anything else.
std::optional<std::string> base64_decode(std::string_view text);

}  // namespace leveret::http
