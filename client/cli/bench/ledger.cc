#include "cli/bench/ledger.h"

#include <algorithm>
#include <cstring>

namespace leveret::cli::bench {

void write_stamp(std::string& body, const Stamp& stamp) {
  std::memcpy(body.data(), &stamp, stamp_bytes);  // Only ever read on this machine.
}

std::optional<Stamp> read_stamp(std::string_view body) {
  if (body.size() < stamp_bytes) return std::nullopt;
  Stamp stamp;
  std::memcpy(&stamp, body.data(), stamp_bytes);
  return stamp;
}

void Ledger::record(std::uint32_t producer, std::uint64_t sequence) {
  auto& bits = seen_[producer];
  const std::size_t word = static_cast<std::size_t>(sequence / 64);
  if (word >= bits.size()) bits.resize(std::max(word + 1, bits.size() * 2));
  const std::uint64_t bit = std::uint64_t{1} << (sequence % 64);
  if ((bits[word] & bit) != 0) {
    ++duplicates_;
    return;
  }
  bits[word] |= bit;
  ++distinct_;
}

void OrderCheck::record(std::uint32_t producer, std::uint64_t sequence, bool is_redelivered) {
  if (is_redelivered) return;
  if (sequence <= last_[producer]) ++violations_;
  last_[producer] = std::max(last_[producer], sequence);
}

}  // namespace leveret::cli::bench
