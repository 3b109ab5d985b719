#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "auth/login.h"

namespace leveret::auth {

/// Counts logins, for the management API's /api/auth/attempts. Not thread-safe.
class Attempts {
 public:
  struct Counts {
    std::uint64_t succeeded = 0;
    std::uint64_t failed = 0;
  };
  struct Total {
    Protocol protocol{};
    Counts counts;
  };
  struct Source {
    Protocol protocol{};
    std::string address;
    std::string user;
    Counts counts;
  };

  /// Sources beyond this many push out the one that was heard of least recently: what somebody
  /// makes up must not fill the memory.
  static constexpr std::size_t sources_max = 1'000;

  void note(const Login& login, bool has_succeeded);
  /// Of protocols by which somebody has tried.
  std::vector<Total> totals() const;
  /// The one heard of last in front.
  std::vector<Source> sources() const { return {sources_.begin(), sources_.end()}; }
  void clear();

 private:
  using Key = std::tuple<Protocol, std::string, std::string>;
  static Key key_of(const Source& source) { return {source.protocol, source.address, source.user}; }

  std::array<Counts, 2> totals_{};
  std::list<Source> sources_;
  std::map<Key, std::list<Source>::iterator> by_key_;
};

}  // namespace leveret::auth
