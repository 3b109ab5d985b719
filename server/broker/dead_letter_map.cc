#include "broker/dead_letter_map.h"

#include <algorithm>

#include "broker/exchange.h"
#include "broker/queue.h"
#include "broker/vhost.h"

namespace leveret::broker {
namespace {

constexpr std::size_t targets_max = 100;
/// Of a queue, that are looked at for where they come from.
constexpr std::size_t bindings_max = 1000;

}  // namespace

void DeadLetterMap::add(const Vhost& vhost, const Queue& queue) {
  const QueueArguments& arguments = queue.parsed();
  if (!arguments.dead_letter_exchange) return;
  const Exchange* exchange = vhost.find_exchange(*arguments.dead_letter_exchange);
  if (exchange == nullptr) return;
  const auto [at, is_new] =
      groups_.try_emplace({exchange->name(), arguments.dead_letter_routing_key});
  if (is_new) resolve(vhost, *exchange, arguments.dead_letter_routing_key, at->second);
  at->second.sources.push_back(queue.name());
}

void DeadLetterMap::resolve(const Vhost& vhost, const Exchange& exchange,
                            const std::optional<std::string>& key, Group& group) {
  if (exchange.is_default()) {
    const Queue* queue = key ? vhost.find_queue(std::string_view{*key}) : nullptr;
    if (queue) add_target(group, *queue);
  } else if (key) {
    Matches matches;
    exchange.match(RoutingSubject{*key, {}}, matches);
    for (const Binding* binding : matches)
      if (binding->queue) add_target(group, *binding->queue);
  } else {
    without_key_[&exchange] = &group;
    exchange.for_bindings_while([&](const Binding& binding) {
      if (binding.queue) group.targets.push_back(binding.queue->name());
      return group.targets.size() < targets_max;
    });
  }
  std::ranges::sort(group.targets);
  // Not std::ranges::unique, whose subrange clang 14 cannot compile.
  group.targets.erase(std::unique(group.targets.begin(), group.targets.end()), group.targets.end());
}

void DeadLetterMap::add_target(Group& group, const Queue& queue) {
  auto& groups = with_key_[queue.id()];
  if (!groups.empty() && groups.back() == &group) return;
  groups.push_back(&group);
  if (group.targets.size() < targets_max) group.targets.push_back(queue.name());
}

std::vector<std::string> DeadLetterMap::targets(const Queue& queue) const {
  const QueueArguments& arguments = queue.parsed();
  if (!arguments.dead_letter_exchange) return {};
  const auto group =
      groups_.find({*arguments.dead_letter_exchange, arguments.dead_letter_routing_key});
  return group == groups_.end() ? std::vector<std::string>{} : group->second.targets;
}

std::vector<const DeadLetterMap::Group*> DeadLetterMap::groups_to(const Queue& queue) const {
  std::vector<const Group*> groups;
  if (const auto found = with_key_.find(queue.id()); found != with_key_.end())
    groups = found->second;
  if (without_key_.empty()) return groups;
  const std::size_t count = std::min(queue.incoming.size(), bindings_max);
  for (std::size_t i = 0; i < count; ++i) {
    const auto found = without_key_.find(queue.incoming[i]->source);
    if (found != without_key_.end() && std::ranges::find(groups, found->second) == groups.end())
      groups.push_back(found->second);
  }
  return groups;
}

std::vector<std::string> DeadLetterMap::sources(const Queue& queue) const {
  std::vector<std::string> names;
  for (const Group* group : groups_to(queue)) {
    names.insert(names.end(), group->sources.begin(), group->sources.end());
  }
  std::ranges::sort(names);
  return names;
}

}  // namespace leveret::broker
