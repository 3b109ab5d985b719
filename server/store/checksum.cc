#include "store/checksum.h"

#include <array>
#include <cstring>

#if defined(__x86_64__)
#include <nmmintrin.h>
#endif

namespace leveret::store {
namespace {

constexpr std::uint32_t polynomial = 0x82f63b78;  // reflected

constexpr std::array<std::uint32_t, 256> make_table() {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t i = 0; i < table.size(); ++i) {
    std::uint32_t crc = i;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1U) ^ ((crc & 1U) != 0 ? polynomial : 0U);
    table[i] = crc;
  }
  return table;
}
constexpr auto table = make_table();

#if defined(__x86_64__)
__attribute__((target("sse4.2"))) std::uint32_t crc32c_sse42(std::uint32_t state,
                                                             std::string_view bytes) {
  std::uint64_t wide = state;
  while (bytes.size() >= 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes.data(), 8);
    wide = _mm_crc32_u64(wide, word);
    bytes.remove_prefix(8);
  }
  auto narrow = static_cast<std::uint32_t>(wide);
  for (const char c : bytes) narrow = _mm_crc32_u8(narrow, static_cast<std::uint8_t>(c));
  return narrow;
}
const bool has_sse42 = __builtin_cpu_supports("sse4.2") != 0;
#endif

std::uint32_t crc32c(std::uint32_t state, std::string_view bytes) {
#if defined(__x86_64__)
  if (has_sse42) return crc32c_sse42(state, bytes);
#endif
  return crc32c_portable(state, bytes);
}

}  // namespace

std::uint32_t crc32c_portable(std::uint32_t state, std::string_view bytes) {
  for (const char c : bytes)
    state = table[(state ^ static_cast<std::uint8_t>(c)) & 0xffU] ^ (state >> 8U);
  return state;
}

void Checksum::add(std::string_view bytes) {
  state_ = crc32c(state_, bytes);
}

void Checksum::add(std::uint64_t value) {
  char bytes[8];
  for (unsigned i = 0; i < 8; ++i) bytes[i] = static_cast<char>(value >> (8U * i));
  add(std::string_view(bytes, sizeof bytes));
}

}  // namespace leveret::store
