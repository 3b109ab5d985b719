#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

namespace leveret::amqp {

/// Wire bytes as a test writes them down: hexadecimal digits, text in single quotes, and blanks
/// wherever they help, as in "000a 0032  0b'PRECONDITION'". Throws std::invalid_argument when
/// `text` is anything else.
inline std::string bytes(std::string_view text) {
  const auto digit = [](char c) -> unsigned {
    if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
    if (c >= 'a' && c <= 'f') return static_cast<unsigned>(c - 'a' + 10);
    throw std::invalid_argument{std::string{"not a hexadecimal digit: "} + c};
  };
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == ' ') continue;
    if (text[i] == '\'') {
      const std::size_t end = text.find('\'', i + 1);
      if (end == std::string_view::npos) throw std::invalid_argument{"a quote is not closed"};
      out += text.substr(i + 1, end - i - 1);
      i = end;
      continue;
    }
    if (i + 1 == text.size()) throw std::invalid_argument{"half an octet"};
    out += static_cast<char>(digit(text[i]) << 4U | digit(text[i + 1]));
    ++i;
  }
  return out;
}

/// The opposite of bytes(), without quotes and blanks.
inline std::string hex(std::string_view raw) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string out;
  for (const char c : raw) {
    const auto octet = static_cast<unsigned char>(c);
    out += digits[octet >> 4U];
    out += digits[octet & 0xfU];
  }
  return out;
}

/// A copy on the heap without a spare byte behind it, so that AddressSanitizer sees the first read
/// past the end (a std::string always has one, and often more).
class ExactBytes {
 public:
  explicit ExactBytes(std::string_view raw) : bytes_(new char[raw.size()]), size_(raw.size()) {
    std::copy(raw.begin(), raw.end(), bytes_.get());
  }
  std::string_view view() const { return {bytes_.get(), size_}; }

 private:
  std::unique_ptr<char[]> bytes_;
  std::size_t size_;
};

}  // namespace leveret::amqp
