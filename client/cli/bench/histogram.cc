#include "cli/bench/histogram.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace leveret::cli::bench {
namespace {

/// Values below `linear` have a bucket each; above, every doubling is cut into `linear / 2` parts.
constexpr unsigned linear_bits = 8;
constexpr std::uint64_t linear = 1U << linear_bits;
constexpr std::size_t bucket_count = (64 - linear_bits) * (linear / 2) + linear;

std::size_t bucket_of(std::uint64_t value) {
  if (value < linear) return static_cast<std::size_t>(value);
  const unsigned shift = static_cast<unsigned>(std::bit_width(value)) - linear_bits;
  // The top `linear_bits` bits of the value; the highest is always set.
  const std::uint64_t top = value >> shift;
  return static_cast<std::size_t>(shift * (linear / 2) + top);
}

/// The largest value of a bucket.
std::uint64_t highest_of(std::size_t bucket) {
  if (bucket < linear) return bucket;
  const std::uint64_t shift = bucket / (linear / 2) - 1;
  const std::uint64_t top = bucket - shift * (linear / 2);
  return ((top + 1) << shift) - 1;
}

}  // namespace

Histogram::Histogram() : buckets_(bucket_count) {}

void Histogram::record(std::uint64_t value) {
  ++buckets_[bucket_of(value)];
  ++count_;
  max_ = std::max(max_, value);
  sum_ += static_cast<double>(value);
}

void Histogram::add(const Histogram& other) {
  for (std::size_t i = 0; i < buckets_.size(); ++i) buckets_[i] += other.buckets_[i];
  count_ += other.count_;
  max_ = std::max(max_, other.max_);
  sum_ += other.sum_;
}

double Histogram::mean() const {
  return count_ == 0 ? 0 : sum_ / static_cast<double>(count_);
}

std::uint64_t Histogram::percentile(double percent) const {
  const auto wanted = std::clamp<std::uint64_t>(
      static_cast<std::uint64_t>(std::ceil(percent / 100 * static_cast<double>(count_))), 1,
      std::max<std::uint64_t>(count_, 1));
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < buckets_.size(); ++i) {
    seen += buckets_[i];
    if (seen >= wanted) return std::min(highest_of(i), max_);
  }
  return 0;
}

void Histogram::for_each(const std::function<void(std::uint64_t, std::uint64_t)>& each) const {
  for (std::size_t i = 0; i < buckets_.size(); ++i)
    if (buckets_[i] != 0) each(std::min(highest_of(i), max_), buckets_[i]);
}

}  // namespace leveret::cli::bench
