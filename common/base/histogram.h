#pragma once

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

  /// A value belongs to the first range whose bound it does not exceed.
  void add(double value) {
    std::size_t i = 0;
    while (i < bounds_.size() && value > bounds_[i]) ++i;
    ++counts_[i];
    sum_ += value;
  }

  std::span<const double> bounds() const { return bounds_; }
  /// One more than there are bounds.
  const std::vector<std::uint64_t>& counts() const { return counts_; }
  double sum() const { return sum_; }

  /// Adds another histogram with the same bounds, or one without any, which adds nothing.
  Histogram& operator+=(const Histogram& other) {
    if (counts_.empty()) return *this = other;
    for (std::size_t i = 0; i < other.counts_.size(); ++i) counts_[i] += other.counts_[i];
    sum_ += other.sum_;
    return *this;
  }

 private:
  std::span<const double> bounds_;
  std::vector<std::uint64_t> counts_;
  double sum_ = 0;
};

}  // namespace leveret
