#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace leveret {

/// How many values fell into each of some ranges, and what they come to together. Only ever rises.
/// Plain numbers: one thread writes, copies go elsewhere.
class Histogram {
 public:
  Histogram() = default;
  /// The upper bounds of the ranges, rising; a last range without bound comes after them. They are
  /// not copied.
  explicit Histogram(std::span<const double> bounds)
      : bounds_(bounds), counts_(bounds.size() + 1) {}

  /// A value, not below 0, belongs to the first range whose bound it does not exceed.
  void add(double value) {
    std::size_t i = 0;
    while (i < bounds_.size() && value > bounds_[i]) ++i;
    ++counts_[i];
    sum_in_millionths_ += static_cast<std::uint64_t>(std::llround(value * 1e6));
  }

  std::span<const double> bounds() const { return bounds_; }
  /// One more than there are bounds.
  const std::vector<std::uint64_t>& counts() const { return counts_; }
  double sum() const { return static_cast<double>(sum_in_millionths_) / 1e6; }

  /// Adds another histogram with the same bounds, or one without any, which adds nothing.
  Histogram& operator+=(const Histogram& other) {
    if (counts_.empty()) return *this = other;
    for (std::size_t i = 0; i < other.counts_.size(); ++i) counts_[i] += other.counts_[i];
    sum_in_millionths_ += other.sum_in_millionths_;
    return *this;
  }

 private:
  std::span<const double> bounds_;
  std::vector<std::uint64_t> counts_;
  /// Whole numbers, so that the same values come to the same in any order: a sum that falls by its
  /// last digit is a restart to Prometheus.
  std::uint64_t sum_in_millionths_ = 0;
};

}  // namespace leveret
