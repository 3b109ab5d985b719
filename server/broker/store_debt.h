#pragma once

#include <cstddef>
#include <vector>

#include "broker/journal.h"

namespace leveret::broker {

/// What one connection has given the store and is not on disk yet, in bytes. A publisher that is
/// faster than the disk waits for its own debt, so that nobody else's confirms queue behind all
/// that it could send.
///
/// Kept in a few parts, each of several transactions, so that it shrinks while it grows.
class StoreDebt {
 public:
  /// `bytes` will be on disk with `commit`, which is not before that of an earlier call.
  void add(CommitNumber commit, std::size_t bytes) {
    bytes_ += bytes;
    if (parts_.empty() || parts_.back().bytes >= part_bytes_min) parts_.emplace_back();
    parts_.back().commit = commit;
    parts_.back().bytes += bytes;
  }
  /// Forgets what is on disk with `committed`.
  void settle(CommitNumber committed) {
    std::size_t count = 0;
    while (count < parts_.size() && parts_[count].commit <= committed)
      bytes_ -= parts_[count++].bytes;
    parts_.erase(parts_.begin(), parts_.begin() + static_cast<std::ptrdiff_t>(count));
  }
  std::size_t bytes() const { return bytes_; }

 private:
  static constexpr std::size_t part_bytes_min = std::size_t{64} << 10U;
  struct Part {
    CommitNumber commit = 0;
    std::size_t bytes = 0;
  };
  std::vector<Part> parts_;
  std::size_t bytes_ = 0;
};

}  // namespace leveret::broker
