#include "cli/text.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <stdexcept>
#include <utility>

namespace leveret::cli {
namespace {

constexpr std::string_view base64_alphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

std::string format_decimal(double value, int digits) {
  std::array<char, 48> text{};
  const int size = std::snprintf(text.data(), text.size(), "%.*f", digits, value);
  return {text.data(), static_cast<std::size_t>(size)};
}

/// Splits "12.5ms" into 12.5 and "ms".
std::pair<double, std::string_view> split_unit(std::string_view text) {
  double value = 0;
  const char* end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc{} || value < 0 || !std::isfinite(value))
    throw std::invalid_argument("'" + std::string(text) + "' is not a number");
  return {value, {stopped, static_cast<std::size_t>(end - stopped)}};
}

struct Unit {
  std::string_view name;
  double factor;
};

template <std::size_t N>
double parse_with(std::string_view text, const std::array<Unit, N>& units, const char* example) {
  const auto [value, name] = split_unit(text);
  constexpr double most = 1e18;  // fits 64 bits, and no double near it is rounded past them
  for (const Unit& unit : units) {
    if (unit.name != name) continue;
    if (value * unit.factor > most)
      throw std::invalid_argument("'" + std::string(text) + "' is too large");
    return value * unit.factor;
  }
  throw std::invalid_argument("'" + std::string(text) + "': unknown unit '" + std::string(name) +
                              "'; write it like " + example);
}

/// Length of the well-formed UTF-8 sequence at the front; 0 when there is none (RFC 3629).
std::size_t sequence_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned first = byte(0);
  if (first < 0x80) return 1;
  const std::size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i)
    if ((byte(i) & 0xc0U) != 0x80U) return 0;
  const unsigned second = byte(1);
  if ((first == 0xe0 && second < 0xa0) || (first == 0xed && second > 0x9f) ||
      (first == 0xf0 && second < 0x90) || (first == 0xf4 && second > 0x8f))
    return 0;
  return length;
}

void append_escaped(std::string& out, char c) {
  constexpr std::string_view digits = "0123456789abcdef";
  const auto byte = static_cast<unsigned char>(c);
  out += "\\x";
  out += digits[byte >> 4U];
  out += digits[byte & 0xfU];
}

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0U : 1U);
      diagonal = row[j];
      row[j] = std::min({replaced, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row[b.size()];
}

}  // namespace

std::string with_commas(std::uint64_t number) {
  const std::string digits = std::to_string(number);
  std::string out;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    if (i != 0 && (digits.size() - i) % 3 == 0) out += ',';
    out += digits[i];
  }
  return out;
}

std::string format_bytes(std::uint64_t bytes) {
  if (bytes < 1000) return std::to_string(bytes) + " B";
  constexpr std::array<const char*, 4> units{" kB", " MB", " GB", " TB"};
  double value = static_cast<double>(bytes) / 1000;
  std::size_t unit = 0;
  for (; value >= 1000 && unit + 1 < units.size(); ++unit) value /= 1000;
  return format_decimal(value, value < 100 ? 1 : 0) + units[unit];
}

std::string format_span(std::chrono::nanoseconds span) {
  const double seconds = std::chrono::duration<double>(span).count();
  if (seconds < 1e-3) return format_decimal(seconds * 1e6, 0) + " us";
  if (seconds < 1) return format_decimal(seconds * 1e3, seconds < 0.1 ? 1 : 0) + " ms";
  if (seconds < 120) return format_decimal(seconds, seconds < 10 ? 1 : 0) + " s";
  const auto minutes = static_cast<std::uint64_t>(seconds / 60);
  const auto part = [](std::uint64_t value, const char* unit) {
    return std::to_string(value) + unit;
  };
  if (minutes < 60)
    return part(minutes, "m ") + part(static_cast<std::uint64_t>(seconds) % 60, "s");
  if (minutes < 48 * 60) return part(minutes / 60, "h ") + part(minutes % 60, "m");
  return part(minutes / 1440, "d ") + part(minutes / 60 % 24, "h");
}

std::chrono::milliseconds parse_span(std::string_view text) {
  constexpr std::array<Unit, 6> units{
      {{"", 1e3}, {"ms", 1}, {"s", 1e3}, {"m", 6e4}, {"h", 3.6e6}, {"d", 8.64e7}}};
  constexpr std::chrono::milliseconds most = std::chrono::years{100};
  const std::chrono::milliseconds span{
      std::llround(parse_with(text, units, "500ms, 10s, 5m, 2h or 1d"))};
  if (span > most) throw std::invalid_argument("'" + std::string(text) + "' is too long");
  return span;
}

std::uint64_t parse_count(std::string_view text) {
  constexpr std::array<Unit, 4> units{{{"", 1}, {"k", 1e3}, {"K", 1e3}, {"M", 1e6}}};
  return static_cast<std::uint64_t>(std::llround(parse_with(text, units, "500, 10k or 2M")));
}

std::uint64_t parse_size(std::string_view text) {
  constexpr std::array<Unit, 8> units{{{"", 1},
                                       {"B", 1},
                                       {"k", 1024},
                                       {"K", 1024},
                                       {"kB", 1024},
                                       {"M", 1048576},
                                       {"MB", 1048576},
                                       {"G", 1073741824}}};
  return static_cast<std::uint64_t>(std::llround(parse_with(text, units, "512, 1k or 4M")));
}

double parse_rate(std::string_view text) {
  if (text.ends_with("/s")) text.remove_suffix(2);
  constexpr std::array<Unit, 4> units{{{"", 1}, {"k", 1e3}, {"K", 1e3}, {"M", 1e6}}};
  return parse_with(text, units, "500/s or 10k/s");
}

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const std::size_t length = sequence_length(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

std::string escape_for_terminal(std::string_view text, Lines lines) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const std::size_t length = sequence_length(text);
    const auto first = static_cast<unsigned char>(text[0]);
    const bool is_line = lines == Lines::keep && (first == '\n' || first == '\t');
    const bool is_control = (first < 0x20 && !is_line) || first == 0x7f;
    // U+0080 to U+009F: some terminals obey them like escape sequences.
    const bool is_c1 = length == 2 && first == 0xc2 && static_cast<unsigned char>(text[1]) < 0xa0;
    const std::string_view unit = text.substr(0, std::max<std::size_t>(length, 1));
    if (length == 0 || is_control || is_c1)
      for (const char c : unit) append_escaped(out, c);
    else
      out += unit;
    text.remove_prefix(unit.size());
  }
  return out;
}

std::string base64(std::string_view bytes) {
  std::string out;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::string_view group = bytes.substr(i, 3);
    std::uint32_t bits = 0;
    for (std::size_t j = 0; j < 3; ++j)
      bits = bits << 8U | (j < group.size() ? static_cast<unsigned char>(group[j]) : 0U);
    for (std::size_t j = 0; j < 4; ++j)
      out += j <= group.size() ? base64_alphabet[bits >> (18U - 6U * j) & 0x3fU] : '=';
  }
  return out;
}

std::string base64_decode(std::string_view text) {
  std::string out;
  std::uint32_t bits = 0;
  unsigned count = 0;
  for (const char c : text) {
    const std::size_t value = base64_alphabet.find(c);
    if (value == std::string_view::npos) break;
    bits = bits << 6U | static_cast<std::uint32_t>(value);
    count += 6;
    if (count < 8) continue;
    count -= 8;
    out += static_cast<char>(bits >> count & 0xffU);
  }
  return out;
}

std::optional<std::string> nearest(std::string_view word, const std::vector<std::string>& among) {
  std::optional<std::string> best;
  std::size_t best_distance = word.size() < 4 ? 2 : 3;
  for (const std::string& candidate : among) {
    const std::size_t distance = edit_distance(word, candidate);
    if (distance >= best_distance) continue;
    best_distance = distance;
    best = candidate;
  }
  return best;
}

}  // namespace leveret::cli
