#include "broker/counts.h"

#include <algorithm>
#include <utility>

#include "broker/channel.h"
#include "broker/connection.h"
#include "broker/exchange.h"
#include "broker/operation.h"
#include "broker/queue.h"
#include "broker/vhost.h"

namespace leveret::broker {
namespace {

QueueCounts counts_of(const Queue& queue) {
  QueueCounts counts;
  counts.ready = queue.ready().count();
  counts.unacked = queue.unacked_count();
  counts.ready_bytes = queue.ready().bytes();
  counts.unacked_bytes = queue.unacked_bytes();
  counts.ready_in_memory = queue.ready().in_memory();
  counts.consumers = queue.consumers().size();
  return counts;
}

ChannelCounts counts_of(const Channel& channel) {
  ChannelCounts counts;
  counts.consumers = channel.consumers().size();
  counts.unacked = channel.unacked().count();
  counts.unconfirmed = channel.unconfirmed_count();
  counts.publishes_uncommitted = channel.uncommitted_publishes();
  counts.settled_uncommitted = channel.uncommitted_settlements();
  counts.prefetch = channel.prefetch();
  counts.global_prefetch = channel.global_prefetch();
  return counts;
}

}  // namespace

QueueCounts& operator+=(QueueCounts& sum, const QueueCounts& counts) {
  sum.ready += counts.ready;
  sum.unacked += counts.unacked;
  sum.ready_bytes += counts.ready_bytes;
  sum.unacked_bytes += counts.unacked_bytes;
  sum.ready_in_memory += counts.ready_in_memory;
  sum.consumers += counts.consumers;
  return sum;
}

ChannelCounts& operator+=(ChannelCounts& sum, const ChannelCounts& counts) {
  sum.consumers += counts.consumers;
  sum.unacked += counts.unacked;
  sum.unconfirmed += counts.unconfirmed;
  sum.publishes_uncommitted += counts.publishes_uncommitted;
  sum.settled_uncommitted += counts.settled_uncommitted;
  sum.prefetch += counts.prefetch;
  sum.global_prefetch += counts.global_prefetch;
  return sum;
}

namespace {

std::optional<TimeMs> head_of(const Queue& queue) {
  const PriorityLevel* level = queue.ready().next_loaded();
  if (level == nullptr) return std::nullopt;
  return level->window.head().message->published_at();
}

}  // namespace

void CountSurvey::begin(const Vhost& vhost) {
  counts_.vhost = vhost.name();
  counts_.counters = vhost.counters();
  counts_.publishers = vhost.publishers;
  counts_.pending_bytes = vhost.journal().pending_bytes();
  counts_.alarms = vhost.alarms();
  counts_.running_operations = static_cast<std::uint64_t>(
      std::ranges::count(vhost.operations(), OperationState::running, &OperationView::state));
  vhost.for_each_queue([&](const Queue& queue) { queues_.push_back(queue.id()); });
  vhost.for_each_connection([&](const Connection& each) { connections_.push_back(each.id()); });
  if (detail_.exchanges)
    vhost.for_each_exchange([&](const Exchange& each) { exchanges_.push_back(each.name()); });
  counts_.queue_count = queues_.size();
  counts_.connection_count = connections_.size();
  vhost.for_each_exchange([&](const Exchange&) { ++counts_.exchange_count; });
}

bool CountSurvey::look(const Vhost& vhost, std::size_t count) {
  if (!std::exchange(has_begun_, true)) begin(vhost);
  const auto go_on = [&](auto& left, const auto& find) {
    for (; count > 0 && !left.empty(); --count) {
      if (const auto* object = find(left.back())) add(*object);
      left.pop_back();
    }
  };
  go_on(queues_, [&](QueueId id) { return vhost.find_queue(id); });
  go_on(connections_, [&](ConnectionId id) { return vhost.find_connection(id); });
  go_on(exchanges_, [&](const std::string& name) { return vhost.find_exchange(name); });
  return !queues_.empty() || !connections_.empty() || !exchanges_.empty();
}

void CountSurvey::add(const Queue& queue) {
  QueueCounts counts = counts_of(queue);
  counts_.all_queues += counts;
  if (!detail_.queues) return;
  counts.name = queue.name();
  counts.head_published_at = head_of(queue);
  counts.stats = queue.stats;
  counts_.queues.push_back(std::move(counts));
}

void CountSurvey::add(const Connection& connection) {
  counts_.blocked_connections += connection.state() == ConnectionState::blocked ? 1 : 0;
  counts_.channel_count += connection.channel_count();
  connection.for_each_channel([&](const Channel& channel) {
    ChannelCounts counts = counts_of(channel);
    counts_.all_channels += counts;
    if (!detail_.connections) return;
    counts.connection = connection.info().name;
    counts.number = channel.number();
    counts_.channels.push_back(std::move(counts));
  });
  if (detail_.connections)
    counts_.connections.push_back({connection.info().name, connection.channel_count()});
}

void CountSurvey::add(const Exchange& exchange) {
  ExchangeCounts counts{.name = exchange.name(),
                        .type = exchange.type(),
                        .publish_in = exchange.publish_in,
                        .publish_out = exchange.publish_out};
  exchange.for_each_binding([&](const Binding&) { ++counts.bindings; });
  counts_.exchanges.push_back(std::move(counts));
}

}  // namespace leveret::broker
