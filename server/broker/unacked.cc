#include "broker/unacked.h"

#include <algorithm>
#include <utility>

namespace leveret::broker {

void Unacked::add(Delivery delivery) {
  delivery.is_live = true;
  deliveries_.push_back(std::move(delivery));
  ++live_;
}

void Unacked::restore(std::vector<Delivery> deliveries) {
  for (Delivery& delivery : deliveries) add(std::move(delivery));
  erase_if(deliveries_, [](const Delivery& d) { return !d.is_live; });
  std::ranges::sort(deliveries_, {}, &Delivery::tag);
}

std::size_t Unacked::find(std::uint64_t tag) const {
  if (deliveries_.empty() || tag < deliveries_.front().tag) return deliveries_.size();
  // Where it stands when no tag was skipped (those of consumers without acks are).
  std::size_t at = tag - deliveries_.front().tag;
  if (at >= deliveries_.size() || deliveries_[at].tag != tag) {
    const auto it = std::ranges::lower_bound(deliveries_, tag, {}, &Delivery::tag);
    if (it == deliveries_.end() || it->tag != tag) return deliveries_.size();
    at = static_cast<std::size_t>(it - deliveries_.begin());
  }
  return deliveries_[at].is_live ? at : deliveries_.size();
}

std::optional<Delivery> Unacked::take(std::uint64_t tag) {
  const std::size_t at = find(tag);
  if (at == deliveries_.size()) return std::nullopt;
  Delivery taken = std::move(deliveries_[at]);
  deliveries_[at].is_live = false;
  --live_;
  trim();
  return taken;
}

std::vector<Delivery> Unacked::take_up_to(std::uint64_t tag, std::size_t count_max) {
  std::vector<Delivery> taken;
  while (!deliveries_.empty() && (tag == 0 || deliveries_.front().tag <= tag) &&
         taken.size() < count_max) {
    if (deliveries_.front().is_live) taken.push_back(std::move(deliveries_.front()));
    deliveries_.pop_front();
  }
  live_ -= taken.size();
  return taken;
}

Unacked Unacked::split_up_to(std::uint64_t tag) {
  if (tag == 0 || tag >= last_tag()) return std::exchange(*this, {});
  Unacked taken;
  for (Delivery& delivery : take_up_to(tag)) taken.add(std::move(delivery));
  return taken;
}

std::uint64_t Unacked::last_tag() const {
  for (std::size_t at = deliveries_.size(); at > 0; --at)
    if (deliveries_[at - 1].is_live) return deliveries_[at - 1].tag;
  return 0;
}

void Unacked::forget_queue(const Queue& queue) {
  for_each([&](Delivery& delivery) {
    if (delivery.queue == &queue) delivery.queue = nullptr;
  });
}

std::vector<Delivery> Unacked::take_due(TimeMs now, TimeMs& next) {
  std::vector<Delivery> taken;
  next = 0;
  for (Delivery& delivery : deliveries_) {
    if (!delivery.is_live || delivery.due_at == 0) continue;
    if (delivery.due_at > now) {
      next = next == 0 ? delivery.due_at : std::min(next, delivery.due_at);
      continue;
    }
    taken.push_back(std::move(delivery));
    delivery.is_live = false;
    --live_;
  }
  trim();
  return taken;
}

void Unacked::trim() {
  while (!deliveries_.empty() && !deliveries_.front().is_live) deliveries_.pop_front();
  // One delivery that is held for ever must not keep the holes of all later ones.
  if (deliveries_.size() > 2 * live_ + 64)
    erase_if(deliveries_, [](const Delivery& d) { return !d.is_live; });
}

}  // namespace leveret::broker
