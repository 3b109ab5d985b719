#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace leveret::cli::bench {

/// What the first bytes of a benchmark message say: 16 bytes, the smallest body that is measured.
struct Stamp {
  /// Tells the messages of this run from what else may lie in a queue: 24 bits.
  std::uint32_t run = 0;
  /// 16 bits.
  std::uint32_t producer = 0;
  /// Counted from 1 for each producer: 40 bits.
  std::uint64_t sequence = 0;
  /// Nanoseconds of the steady clock when it was published, or was to be published: the low 48
  /// bits. See age_ns().
  std::uint64_t sent_ns = 0;
};
inline constexpr std::size_t stamp_bytes = 16;
inline constexpr std::uint32_t run_mask = 0xff'ffff;
inline constexpr std::uint32_t producers_max = 0xffff;

/// Writes the stamp over the start of `body`, which must hold it.
void write_stamp(std::string& body, const Stamp& stamp);
/// Nothing when the body is too short.
std::optional<Stamp> read_stamp(std::string_view body);
/// Nanoseconds from the stamp's time to `now_ns`, up to three days.
std::uint64_t age_ns(const Stamp& stamp, std::uint64_t now_ns);

/// What came out of one queue, or of several that share what is published, held against what went
/// in: loss and duplicates. Kept by one thread.
class Ledger {
 public:
  explicit Ledger(std::size_t producers) : seen_(producers) {}

  /// Notes an arrival. A second one of the same message counts as a duplicate.
  void record(std::uint32_t producer, std::uint64_t sequence);
  std::uint64_t distinct() const { return distinct_; }
  std::uint64_t duplicates() const { return duplicates_; }

 private:
  /// A bit for each sequence number of each producer.
  std::vector<std::vector<std::uint64_t>> seen_;
  std::uint64_t distinct_ = 0;
  std::uint64_t duplicates_ = 0;
};

/// The order one consumer sees: in each queue, each producer's sequence may only grow, whoever else
/// takes from the same queue.
class OrderCheck {
 public:
  /// `queues`: how many the consumer takes from.
  OrderCheck(std::size_t producers, std::size_t queues)
      : queues_(queues), last_(producers * queues) {}
  /// A redelivery may come late and counts neither way.
  void record(std::uint32_t producer, std::size_t queue, std::uint64_t sequence,
              bool is_redelivered);
  std::uint64_t violations() const { return violations_; }

 private:
  std::size_t queues_;
  std::vector<std::uint64_t> last_;
  std::uint64_t violations_ = 0;
};

}  // namespace leveret::cli::bench
