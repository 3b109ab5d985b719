#pragma once

#include <functional>
#include <queue>
#include <utility>
#include <vector>

#include "base/clock.h"

namespace leveret::broker {

/// When who wants to be looked at. Entries are never removed early: whoever is called looks for
/// itself whether anything is due, and registers again; each keeps one entry at a time.
template <class Who>
class Deadlines {
 public:
  void add(TimeMs at, Who who) { heap_.push({at, std::move(who)}); }
  bool is_due(TimeMs now) const { return !heap_.empty() && heap_.top().at <= now; }
  bool is_empty() const { return heap_.empty(); }
  TimeMs next() const { return heap_.top().at; }
  Who pop() {
    Who who = heap_.top().who;
    heap_.pop();
    return who;
  }

 private:
  struct Entry {
    TimeMs at;
    Who who;
    bool operator>(const Entry& other) const { return at > other.at; }
  };
  std::priority_queue<Entry, std::vector<Entry>, std::greater<>> heap_;
};

}  // namespace leveret::broker
