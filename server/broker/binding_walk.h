#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>

#include "broker/binding.h"
#include "broker/roster.h"

namespace leveret::broker {

/// A walk over destinations of one kind, queues or exchanges, and over what is bound to each, so
/// many a turn. One destination's bindings are met from the back, since the last one takes the
/// place of one that is removed: one that is there all along is met, perhaps twice.
class BindingWalk {
 public:
  /// Over none.
  BindingWalk() = default;
  BindingWalk(RosterPlace place, RosterPlace end) : place_(place), end_(end) {}

  /// Goes on over `roster`, always the same, and counts `count` down. `begin(destination)` is
  /// called for each, and tells whether its bindings are wanted; then `each(destination, binding)`
  /// for each of these. Returns whether there are more.
  template <class T, class Begin, class Each>
  bool go_on(const Roster<T>& roster, std::size_t& count, Begin begin, Each each) {
    while (count > 0) {
      if (!left_) {
        const T* destination = roster.next(place_, end_);
        if (destination == nullptr) return false;
        --count;
        if (begin(*destination) && !destination->incoming.empty())
          left_ = destination->incoming.size();
        continue;
      }
      const T* destination = roster.find(place_);
      std::size_t left = destination ? std::min(*left_, destination->incoming.size()) : 0;
      for (; left > 0 && count > 0; --count) each(*destination, *destination->incoming[--left]);
      left_ = left > 0 ? std::optional{left} : std::nullopt;
    }
    return left_ || place_ < end_;
  }

 private:
  RosterPlace place_ = 0;
  RosterPlace end_ = 0;
  /// Of the destination at the place: its bindings before this index are left.
  std::optional<std::size_t> left_;
};

}  // namespace leveret::broker
