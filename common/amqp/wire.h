#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace leveret::amqp {

/// A long string as a method field: 32-bit length, any bytes.
struct LongString {
  std::string_view value;
  bool operator==(const LongString&) const = default;
};

/// Reads AMQP's big-endian primitives from a buffer and never past its end. What it returns as a
/// view points into the buffer. Every short read throws Error{syntax_error}.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : rest_(bytes) {}

  std::uint8_t read_u8() { return static_cast<std::uint8_t>(take(1)[0]); }
  std::uint16_t read_u16() { return read_integer<std::uint16_t>(); }
  std::uint32_t read_u32() { return read_integer<std::uint32_t>(); }
  std::uint64_t read_u64() { return read_integer<std::uint64_t>(); }
  std::string_view read_short_string() { return take(read_u8()); }
  std::string_view read_long_string() { return take(read_u32()); }
  std::string_view take(std::size_t size);

  std::size_t remaining() const { return rest_.size(); }
  bool is_empty() const { return rest_.empty(); }
  std::string_view rest() const { return rest_; }

 private:
  template <class T>
  T read_integer() {
    const std::string_view bytes = take(sizeof(T));
    T value = 0;
    for (const char c : bytes)
      value = static_cast<T>(static_cast<T>(value << 8U) | static_cast<std::uint8_t>(c));
    return value;
  }
  std::string_view rest_;
};

/// Appends AMQP's big-endian primitives to a string.
class Writer {
 public:
  explicit Writer(std::string& out) : out_(out) {}

  void write_u8(std::uint8_t value) { out_ += static_cast<char>(value); }
  void write_u16(std::uint16_t value) { write_integer(value); }
  void write_u32(std::uint32_t value) { write_integer(value); }
  void write_u64(std::uint64_t value) { write_integer(value); }
  /// Throws Error{syntax_error} for more than 255 bytes: never truncates, never wraps the length.
  void write_short_string(std::string_view text);
  void write_long_string(std::string_view text);
  void write_bytes(std::string_view bytes) { out_.append(bytes); }

  std::size_t size() const { return out_.size(); }
  /// Overwrites four bytes written earlier, for lengths known only afterwards.
  void patch_u32(std::size_t position, std::uint32_t value);

 private:
  template <class T>
  void write_integer(T value) {
    char bytes[sizeof(T)];
    for (std::size_t i = 0; i < sizeof(T); ++i)
      bytes[i] = static_cast<char>(value >> (8U * (sizeof(T) - 1U - i)));
    out_.append(bytes, sizeof(T));
  }
  std::string& out_;
};

}  // namespace leveret::amqp
