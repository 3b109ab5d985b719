#pragma once

#include <chrono>
#include <cstddef>
#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace leveret::auth {

/// Makes guessing slow. After some failures for the same user from the same address each further
/// attempt of that kind has to wait, longer each time, one behind the other; nobody else does. A
/// user who is tried from many addresses waits too, but never long, since that is how others could
/// lock him out; and so does an address from which many users are tried, one after the other.
///
/// Remembers a bounded number of those who failed, and forgets the one that was tried least
/// recently. Time comes in; not thread-safe.
class Backoff {
 public:
  using Clock = std::chrono::steady_clock;
  using Time = Clock::time_point;
  using Duration = std::chrono::milliseconds;

  static constexpr std::size_t entries_max = 10'000;
  /// Failures that cost nothing: mistyping is human.
  static constexpr unsigned free_failures = 3;
  static constexpr unsigned free_failures_of_user = 20;
  /// One address may be that of many, behind a proxy; so it has one of these back each second.
  static constexpr unsigned free_failures_of_address = 50;
  static constexpr Duration delay_first{100};
  static constexpr Duration delay_max{2'000};
  static constexpr Duration delay_of_user_max{1'000};
  static constexpr Duration delay_of_address_max{500};
  /// Who would have to wait longer than this in the line is refused.
  static constexpr Duration wait_max{4'000};
  /// After so long without a failure the past is forgotten.
  static constexpr Duration memory{600'000};

  /// How long an attempt has to wait from `now`, and takes its place in the line; nothing when the
  /// line is too long.
  std::optional<Duration> delay(std::string_view user, std::string_view address, Time now);
  void failed(std::string_view user, std::string_view address, Time now);
  void succeeded(std::string_view user, std::string_view address);

  std::size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    std::string key;
    unsigned failures = 0;
    Time last_failure;
    Time free_at;  // when the last one in the line has had its turn
  };
  struct Rule {
    unsigned free_failures;
    Duration delay_max;
    bool forgives;  // one failure each second
  };
  static constexpr Rule of_pair{free_failures, delay_max, false};
  static constexpr Rule of_user{free_failures_of_user, delay_of_user_max, false};
  static constexpr Rule of_address{free_failures_of_address, delay_of_address_max, true};

  Entry* find(const std::string& key, Time now);
  void note(const std::string& key, const Rule& rule, Time now);
  Duration delay_after(const std::string& key, const Rule& rule, Time now);
  static unsigned failures_of(const Entry& entry, const Rule& rule, Time now);

  std::list<Entry> entries_;  // the one touched last in front
  std::unordered_map<std::string_view, std::list<Entry>::iterator> by_key_;
};

}  // namespace leveret::auth
