#include "cli/bench/ledger.h"

#include <algorithm>
#include <cstring>

namespace leveret::cli::bench {
namespace {

constexpr unsigned sequence_bits = 40;
constexpr unsigned producer_bits = 16;
constexpr std::uint64_t sent_mask = (std::uint64_t{1} << 48) - 1;

/// In the order of the machine: only ever read where it was written.
struct Packed {
  std::uint64_t run_and_sequence;
  std::uint64_t producer_and_sent;
};
static_assert(sizeof(Packed) == stamp_bytes);

}  // namespace

void write_stamp(std::string& body, const Stamp& stamp) {
  const Packed packed{
      (std::uint64_t{stamp.run & run_mask} << sequence_bits) | stamp.sequence,
      (std::uint64_t{stamp.producer} << (64 - producer_bits)) | (stamp.sent_ns & sent_mask)};
  std::memcpy(body.data(), &packed, stamp_bytes);
}

std::optional<Stamp> read_stamp(std::string_view body) {
  if (body.size() < stamp_bytes) return std::nullopt;
  Packed packed;
  std::memcpy(&packed, body.data(), stamp_bytes);
  Stamp stamp;
  stamp.run = static_cast<std::uint32_t>(packed.run_and_sequence >> sequence_bits);
  stamp.sequence = packed.run_and_sequence & ((std::uint64_t{1} << sequence_bits) - 1);
  stamp.producer = static_cast<std::uint32_t>(packed.producer_and_sent >> (64 - producer_bits));
  stamp.sent_ns = packed.producer_and_sent & sent_mask;
  return stamp;
}

std::uint64_t age_ns(const Stamp& stamp, std::uint64_t now_ns) {
  return (now_ns - stamp.sent_ns) & sent_mask;
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

void OrderCheck::record(std::uint32_t producer, std::size_t queue, std::uint64_t sequence,
                        bool is_redelivered) {
  if (is_redelivered) return;
  std::uint64_t& last = last_[producer * queues_ + queue];
  if (sequence <= last) ++violations_;
  last = std::max(last, sequence);
}

}  // namespace leveret::cli::bench
