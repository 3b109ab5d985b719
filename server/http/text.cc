#include "http/text.h"

#include <algorithm>
#include <array>
#include <cstdint>

namespace leveret::http {
namespace {

constexpr std::string_view alphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

constexpr std::array<std::int8_t, 256> make_values() {
  std::array<std::int8_t, 256> values{};
  values.fill(-1);
  for (std::size_t i = 0; i < alphabet.size(); ++i)
    values[static_cast<unsigned char>(alphabet[i])] = static_cast<std::int8_t>(i);
  return values;
}
constexpr std::array<std::int8_t, 256> values = make_values();

/// How a lead byte constrains what follows (Unicode 15, table 3-7).
struct Lead {
  std::size_t following;
  unsigned char second_low;
  unsigned char second_high;
};

std::optional<Lead> lead_of(unsigned char byte) {
  if (byte >= 0xC2 && byte <= 0xDF) return Lead{1, 0x80, 0xBF};
  if (byte == 0xE0) return Lead{2, 0xA0, 0xBF};
  if (byte == 0xED) return Lead{2, 0x80, 0x9F};
  if (byte >= 0xE1 && byte <= 0xEF) return Lead{2, 0x80, 0xBF};
  if (byte == 0xF0) return Lead{3, 0x90, 0xBF};
  if (byte >= 0xF1 && byte <= 0xF3) return Lead{3, 0x80, 0xBF};
  if (byte == 0xF4) return Lead{3, 0x80, 0x8F};
  return std::nullopt;
}

}  // namespace

bool is_utf8(std::string_view bytes) {
  const auto byte_at = [&](std::size_t i) { return static_cast<unsigned char>(bytes[i]); };
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (byte_at(i) < 0x80) continue;
    const auto lead = lead_of(byte_at(i));
    if (!lead || bytes.size() - i <= lead->following) return false;
    if (byte_at(i + 1) < lead->second_low || byte_at(i + 1) > lead->second_high) return false;
    for (std::size_t k = 2; k <= lead->following; ++k)
      if ((byte_at(i + k) & 0xC0U) != 0x80U) return false;
    i += lead->following;
  }
  return true;
}

std::string_view cut_text(std::string_view bytes, std::size_t bytes_max) {
  if (bytes.size() <= bytes_max) return bytes;
  std::size_t end = bytes_max;
  // At most three bytes of one character can stand before the cut.
  for (std::size_t back = 0; back < 3 && end > 0; ++back, --end)
    if ((static_cast<unsigned char>(bytes[end]) & 0xC0U) != 0x80U) return bytes.substr(0, end);
  if ((static_cast<unsigned char>(bytes[end]) & 0xC0U) != 0x80U) return bytes.substr(0, end);
  return bytes.substr(0, bytes_max);
}

std::string base64_encode(std::string_view bytes) {
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t count = std::min<std::size_t>(3, bytes.size() - i);
    std::uint32_t group = 0;
    for (std::size_t k = 0; k < 3; ++k)
      group = group << 8U | (k < count ? static_cast<unsigned char>(bytes[i + k]) : 0U);
    text += alphabet[group >> 18U];
    text += alphabet[group >> 12U & 0x3FU];
    text += count > 1 ? alphabet[group >> 6U & 0x3FU] : '=';
    text += count > 2 ? alphabet[group & 0x3FU] : '=';
  }
  return text;
}

std::optional<std::string> base64_decode(std::string_view text) {
  if (text.size() % 4 != 0) return std::nullopt;
  std::size_t padding = 0;
  while (padding < 2 && padding < text.size() && text[text.size() - 1 - padding] == '=') ++padding;
  std::string bytes;
  bytes.reserve(text.size() / 4 * 3);
  std::uint32_t group = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool is_padding = i >= text.size() - padding;
    const int value = is_padding ? 0 : values[static_cast<unsigned char>(text[i])];
    if (value < 0) return std::nullopt;
    group = group << 6U | static_cast<std::uint32_t>(value);
    if (i % 4 != 3) continue;
    bytes += static_cast<char>(group >> 16U);
    bytes += static_cast<char>(group >> 8U);
    bytes += static_cast<char>(group);
    group = 0;
  }
  for (std::size_t i = 0; i < padding; ++i) bytes.pop_back();
  return bytes;
}

}  // namespace leveret::http
