#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace leveret::broker {

/// Where a walk over a roster is: what has a serial up to this one has been met.
using RosterPlace = std::uint64_t;

/// All objects of one kind in order of arrival, so that somebody may walk over them a few at a time
/// while others come and go between: who is there all along is met once. Each carries its place as
/// `roster_serial`. Does not own them.
template <class T>
class Roster {
 public:
  void add(T& object) {
    object.roster_serial = ++last_;
    rows_.push_back({object.roster_serial, &object});
    ++size_;
  }
  void remove(const T& object) {
    const auto row = at(object.roster_serial);
    if (row == rows_.end() || row->object == nullptr) return;
    row->object = nullptr;  // the gap stays until half of all are gaps
    --size_;
    if (rows_.size() > 2 * size_ + gaps_min)
      std::erase_if(rows_, [](const Row& each) { return each.object == nullptr; });
  }

  std::size_t size() const { return size_; }
  /// The place behind all that there are now.
  RosterPlace end() const { return last_; }
  /// Who has this serial, or null.
  T* find(std::uint64_t serial) const {
    const auto row = at(serial);
    return row == rows_.end() ? nullptr : row->object;
  }
  /// The first one behind `place`, which it moves there; null when there is none up to `end`.
  T* next(RosterPlace& place, RosterPlace end) const {
    auto row = std::ranges::upper_bound(rows_, place, {}, &Row::serial);
    while (row != rows_.end() && row->serial <= end && row->object == nullptr) ++row;
    if (row == rows_.end() || row->serial > end) {
      place = std::max(place, end);
      return nullptr;
    }
    place = row->serial;
    return row->object;
  }

 private:
  static constexpr std::size_t gaps_min = 64;
  struct Row {
    std::uint64_t serial = 0;
    T* object = nullptr;
  };

  auto at(std::uint64_t serial) const {
    const auto row = std::ranges::lower_bound(rows_, serial, {}, &Row::serial);
    return row != rows_.end() && row->serial == serial ? row : rows_.end();
  }
  auto at(std::uint64_t serial) {
    const auto row = std::ranges::lower_bound(rows_, serial, {}, &Row::serial);
    return row != rows_.end() && row->serial == serial ? row : rows_.end();
  }

  std::vector<Row> rows_;
  std::uint64_t last_ = 0;
  std::size_t size_ = 0;
};

}  // namespace leveret::broker
