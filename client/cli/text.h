#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace leveret::cli {

/// "1,204,331".
std::string with_commas(std::uint64_t number);
/// Bytes as "412 B", "3.1 kB", "1.0 GB".
std::string format_bytes(std::uint64_t bytes);
/// A span as "0.4 ms", "12 s", "2h 4m", "3d 2h".
std::string format_span(std::chrono::nanoseconds span);
/// "500ms", "10s", "5m", "2h", "1d", or a bare number of seconds. Throws std::invalid_argument.
std::chrono::milliseconds parse_span(std::string_view text);
/// "100", "10k", "2M" (thousands) as a number. Throws std::invalid_argument.
std::uint64_t parse_count(std::string_view text);
/// "512", "1k", "4M", "1kB": sizes in units of 1024 bytes. Throws std::invalid_argument.
std::uint64_t parse_size(std::string_view text);
/// "500", "500/s", "10k/s": per second. Throws std::invalid_argument.
double parse_rate(std::string_view text);

/// True when the bytes are well-formed UTF-8 (no surrogates, no overlong forms).
bool is_utf8(std::string_view text);
/// Text that cannot drive a terminal: control characters, C1 controls and bytes that are not UTF-8
/// become \xNN. Line feeds and tabs stay when `keep_lines`.
enum class Lines { keep, escape };
std::string escape_for_terminal(std::string_view text, Lines lines = Lines::escape);
std::string base64(std::string_view bytes);
/// The bytes up to the first character that is not base64's.
std::string base64_decode(std::string_view text);

/// The candidate that was probably meant, if one is near enough.
std::optional<std::string> nearest(std::string_view word, const std::vector<std::string>& among);

}  // namespace leveret::cli
