#pragma once

#include <cstdint>
#include <string_view>

namespace leveret::store {

/// CRC-32C (Castagnoli, as in RFC 3720 B.4) of several pieces as if they were one.
class Checksum {
 public:
  void add(std::string_view bytes);
  /// Adds the value as eight little-endian bytes.
  void add(std::uint64_t value);
  std::uint32_t value() const { return ~state_; }

 private:
  std::uint32_t state_ = ~std::uint32_t{0};
};

/// The same without the processor's instruction for it; public for the test that compares them.
std::uint32_t crc32c_portable(std::uint32_t state, std::string_view bytes);

}  // namespace leveret::store
