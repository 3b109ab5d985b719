#include "broker/ready_messages.h"

#include <algorithm>

namespace leveret::broker {

ReadyMessages::ReadyMessages(std::uint8_t base, QueueId id, std::size_t messages_max,
                             std::size_t bytes_max, std::size_t* unkept_bytes)
    : messages_max_(messages_max), bytes_max_(bytes_max), unkept_bytes_(unkept_bytes) {
  add(base, id);
}

PriorityLevel* ReadyMessages::find(std::uint8_t priority) const {
  const auto it = std::ranges::find(levels_, priority, &PriorityLevel::priority);
  return it == levels_.end() ? nullptr : it->get();
}

PriorityLevel& ReadyMessages::add(std::uint8_t priority, QueueId id) {
  const auto behind =
      std::ranges::find_if(levels_, [&](const auto& level) { return level->priority < priority; });
  std::unique_ptr<PriorityLevel> made{
      new PriorityLevel{.priority = priority, .id = id, .window = {0, 0, unkept_bytes_}}};
  const auto added = levels_.insert(behind, std::move(made));
  PriorityLevel& level = **added;
  const std::size_t share = levels_.size();
  for (const auto& each : levels_)
    each->window.set_limits(std::max<std::size_t>(messages_max_ / share, 1),
                            std::max<std::size_t>(bytes_max_ / share, 1));
  return level;
}

}  // namespace leveret::broker
