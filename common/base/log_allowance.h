#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <utility>

namespace leveret {

/// Which of many events of one kind get a line in the log, so that who causes them cannot fill the
/// disk: some at once, then one a second, which tells how many had none.
class LogAllowance {
 public:
  using Time = std::chrono::steady_clock::time_point;
  static constexpr std::int64_t lines_at_once = 20;

  /// How many have gone without a line since the last one; nothing when this one goes without.
  std::optional<std::uint64_t> take(Time now) {
    const auto passed = std::chrono::duration_cast<std::chrono::seconds>(now - counted_);
    if (passed.count() > 0) {
      lines_ = std::min(lines_at_once, lines_ + passed.count());
      counted_ += passed;
    }
    if (lines_ == 0) {
      ++unwritten_;
      return std::nullopt;
    }
    --lines_;
    return std::exchange(unwritten_, 0);
  }

 private:
  std::int64_t lines_ = lines_at_once;
  Time counted_{};
  std::uint64_t unwritten_ = 0;
};

}  // namespace leveret
