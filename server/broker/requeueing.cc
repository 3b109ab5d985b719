#include "broker/requeueing.h"

#include <unordered_set>
#include <utility>

#include "broker/consumer.h"
#include "broker/queue.h"
#include "broker/vhost.h"

namespace leveret::broker {

void Requeueing::begin_turn() {
  left_ = vhost_.limits().settled_per_turn;
}

bool Requeueing::add(Unacked unacked, std::function<void()> then) {
  // They leave their consumers at once, which may take others for them.
  unacked.for_each([](Delivery& delivery) {
    if (delivery.consumer) --std::exchange(delivery.consumer, nullptr)->unacked;
  });
  if (unacked.count() <= left_) {
    requeue_some(unacked);
    return true;
  }
  std::vector<QueueId> held = hold_queues(unacked);
  batches_.push_back({std::move(unacked), std::move(held), std::move(then)});
  return false;
}

std::vector<QueueId> Requeueing::hold_queues(Unacked& unacked) {
  std::vector<QueueId> held;
  std::unordered_set<Queue*> seen;
  Queue* last = nullptr;
  unacked.for_each([&](const Delivery& delivery) {
    if (delivery.queue == last || delivery.queue == nullptr) return;
    last = delivery.queue;
    if (!seen.insert(last).second) return;
    last->hold();
    held.push_back(last->id());
  });
  return held;
}

/// Nothing is recorded while the disk is full, and queues must not be held for as long.
bool Requeueing::wants_step() const {
  return !batches_.empty() && (commit_ <= vhost_.committed() || vhost_.is_disk_full());
}

void Requeueing::step() {
  while (left_ > 0 && !batches_.empty()) {
    requeue_some(batches_.front().unacked);
    if (batches_.front().unacked.count() > 0) return;
    const Batch ended = std::move(batches_.front());
    batches_.pop_front();
    for (const QueueId id : ended.held)
      if (Queue* queue = vhost_.find_queue(id)) queue->release();
    ended.then();
  }
}

void Requeueing::requeue_some(Unacked& unacked) {
  for (Delivery& delivery : unacked.take_up_to(0, left_)) {
    --left_;
    if (delivery.queue == nullptr) continue;
    delivery.queue->requeue(std::move(delivery.entry));
    if (delivery.queue->has_ready()) vhost_.mark_dirty(*delivery.queue);
  }
  commit_ = vhost_.recorded_commit();
}

void Requeueing::finish() {
  while (!batches_.empty()) {
    begin_turn();
    step();
  }
}

void Requeueing::forget_queue(const Queue& queue) {
  for (Batch& batch : batches_) batch.unacked.forget_queue(queue);
}

}  // namespace leveret::broker
