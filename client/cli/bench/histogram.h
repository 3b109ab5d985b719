#pragma once

#include <cstdint>
#include <functional>
#include <vector>

namespace leveret::cli::bench {

/// Counts of values in buckets that grow with the value, as HdrHistogram has them: every value is
/// kept to better than one per cent, from 1 up to 2^63, in 60 kB and without allocating.
class Histogram {
 public:
  Histogram();

  void record(std::uint64_t value);
  void add(const Histogram& other);
  std::uint64_t count() const { return count_; }
  std::uint64_t max() const { return max_; }
  double mean() const;
  /// The smallest recorded value, to within a bucket, that `percent` of all values do not exceed; 0
  /// when nothing was recorded.
  std::uint64_t percentile(double percent) const;
  /// `each(highest value, count)` for every bucket that holds something, from the smallest.
  void for_each(const std::function<void(std::uint64_t, std::uint64_t)>& each) const;

 private:
  std::vector<std::uint64_t> buckets_;
  std::uint64_t count_ = 0;
  std::uint64_t max_ = 0;
  double sum_ = 0;
};

}  // namespace leveret::cli::bench
