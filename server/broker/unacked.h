#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <vector>

#include "base/ring.h"
#include "broker/entry.h"

namespace leveret::broker {

struct Consumer;
class Queue;

/// A message that a channel holds until it settles it.
struct Delivery {
  std::uint64_t tag = 0;
  Queue* queue = nullptr;        // null once its queue is deleted
  Consumer* consumer = nullptr;  // null for basic.get and once its consumer is cancelled
  Entry entry;
  /// Goes back to its queue then, unless it is settled; 0: never.
  TimeMs due_at = 0;
  bool is_live = false;
};

/// The unacknowledged deliveries of one channel, by delivery tag. Tags rise, so it is a row with
/// holes: settling is O(1) in the common cases, a binary search in the others.
class Unacked {
 public:
  static constexpr std::size_t all = std::numeric_limits<std::size_t>::max();

  void add(Delivery delivery);
  /// Puts back deliveries that a transaction had taken out.
  void restore(std::vector<Delivery> deliveries);
  /// Takes the one of that tag out; nothing when it is not outstanding.
  std::optional<Delivery> take(std::uint64_t tag);
  /// Takes out the first `count_max` up to `tag`, in order; of everything there is for tag 0.
  std::vector<Delivery> take_up_to(std::uint64_t tag, std::size_t count_max = all);
  /// The same, as a row of its own: all of them, and at no cost when nothing is left.
  Unacked split_up_to(std::uint64_t tag);
  /// Takes out what is due by `now`, in order. Sets `next` to when the first of the others is, 0
  /// for never.
  std::vector<Delivery> take_due(TimeMs now, TimeMs& next);
  bool contains(std::uint64_t tag) const { return find(tag) != deliveries_.size(); }
  std::size_t count() const { return live_; }
  /// The tag of the newest; 0 when there is none.
  std::uint64_t last_tag() const;
  /// The queue is deleted: what is held of it is settled by that.
  void forget_queue(const Queue& queue);

  template <class F>
  void for_each(F on_delivery) {
    for (Delivery& delivery : deliveries_)
      if (delivery.is_live) on_delivery(delivery);
  }
  template <class F>
  void for_each(F on_delivery) const {
    for (const Delivery& delivery : deliveries_)
      if (delivery.is_live) on_delivery(delivery);
  }

 private:
  std::size_t find(std::uint64_t tag) const;
  void trim();

  Ring<Delivery, (std::size_t{64} << 10U)> deliveries_;
  std::size_t live_ = 0;
};

}  // namespace leveret::broker
