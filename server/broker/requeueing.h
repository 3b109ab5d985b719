#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <vector>

#include "base/ids.h"
#include "broker/journal.h"
#include "broker/unacked.h"

namespace leveret::broker {

class Queue;
class Vhost;

/// Messages on their way back from consumers to their queues. Many at once (a consumer without
/// prefetch limit is lost) go back some each turn, each part when the one before is on disk, so
/// that nobody waits long for the core nor for the store. Until all of them are back, their queues
/// are held: what came later must not overtake them. They count as unacknowledged until then.
class Requeueing {
 public:
  explicit Requeueing(Vhost& vhost) : vhost_(vhost) {}

  void begin_turn();
  /// Requeues what a channel held. Returns whether all is back; otherwise `then` is called when it
  /// is, in a later turn.
  bool add(
      Unacked unacked, std::function<void()> then = [] {});
  /// True when step() has something to do now.
  bool wants_step() const;
  void step();
  /// All at once, before the store is closed.
  void finish();
  /// The queue is deleted: what was on its way to it is settled by that.
  void forget_queue(const Queue& queue);

  template <class F>
  void for_each(F on_delivery) const {
    for (const Batch& batch : batches_) batch.unacked.for_each(on_delivery);
  }

 private:
  struct Batch {
    Unacked unacked;
    std::vector<QueueId> held;
    std::function<void()> then;
  };
  std::vector<QueueId> hold_queues(Unacked& unacked);
  void requeue_some(Unacked& unacked);

  Vhost& vhost_;
  std::deque<Batch> batches_;
  std::size_t left_ = 0;     // that may go back in this turn
  CommitNumber commit_ = 0;  // the transaction that holds the last part
};

}  // namespace leveret::broker
