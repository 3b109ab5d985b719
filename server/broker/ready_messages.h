#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "base/ids.h"
#include "broker/queue_window.h"

namespace leveret::broker {

/// The messages of one priority in a queue.
struct PriorityLevel {
  std::uint8_t priority = 0;
  /// What the stores know it by.
  QueueId id;
  QueueWindow window;
  Seq delivered = 0;       // the highest handed to a consumer
  Seq recorded_mark = 0;   // what the journal has of that
  Seq recovered_mark = 0;  // up to here an earlier life of the broker may have delivered
  /// When its messages in memory may be looked through again for expired ones.
  TimeMs next_look = 0;
  int expired_reads = 0;  // under way, of those that have expired
  bool is_reading_content = false;
  bool is_in_transient_store = false;  // which knows its id
};

/// The ready messages of a queue: those with the highest priority first, each priority in order.
/// Nearly every queue has one level; further ones come with the first message of that priority and
/// stay.
class ReadyMessages {
 public:
  /// `base` is the priority of a message that names none, `id` the queue's own. The levels share
  /// what may be kept in memory. `unkept_bytes`: see QueueWindow.
  ReadyMessages(std::uint8_t base, QueueId id, std::size_t messages_max, std::size_t bytes_max,
                std::size_t* unkept_bytes);

  /// Null when there has been no message of that priority.
  PriorityLevel* find(std::uint8_t priority) const;
  PriorityLevel& add(std::uint8_t priority, QueueId id);
  /// By falling priority.
  auto begin() const { return levels_.begin(); }
  auto end() const { return levels_.end(); }

  std::uint64_t count() const { return sum(&QueueWindow::count); }
  /// Of bodies.
  std::uint64_t bytes() const { return sum(&QueueWindow::bytes); }
  std::uint64_t in_memory() const { return sum(&QueueWindow::in_memory); }

  /// The level of the next message; null when there is none.
  PriorityLevel* next() const {
    for (const auto& level : levels_)
      if (level->window.count() > 0) return level.get();
    return nullptr;
  }
  /// The same, when that message is in memory.
  PriorityLevel* next_loaded() const {
    PriorityLevel* level = next();
    return level && level->window.has_head() ? level : nullptr;
  }

 private:
  template <class F>
  std::uint64_t sum(F of) const {
    std::uint64_t total = 0;
    for (const auto& level : levels_) total += (level->window.*of)();
    return total;
  }

  std::size_t messages_max_;
  std::size_t bytes_max_;
  std::size_t* unkept_bytes_;
  std::vector<std::unique_ptr<PriorityLevel>> levels_;
};

}  // namespace leveret::broker
