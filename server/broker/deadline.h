#pragma once

#include <queue>
#include <vector>

#include "base/clock.h"
#include "base/ids.h"

namespace leveret::broker {

/// When which queue wants to be looked at. Entries are never removed early: whoever is called looks
/// for itself whether anything is due, and registers again. A queue keeps one entry at a time (see
/// Queue).
class Deadlines {
 public:
  void add(TimeMs at, QueueId queue) { heap_.push({at, queue}); }
  bool is_due(TimeMs now) const { return !heap_.empty() && heap_.top().at <= now; }
  bool is_empty() const { return heap_.empty(); }
  TimeMs next() const { return heap_.top().at; }
  QueueId pop() {
    const QueueId queue = heap_.top().queue;
    heap_.pop();
    return queue;
  }

 private:
  struct Entry {
    TimeMs at;
    QueueId queue;
    bool operator>(const Entry& other) const { return at > other.at; }
  };
  std::priority_queue<Entry, std::vector<Entry>, std::greater<>> heap_;
};

}  // namespace leveret::broker
