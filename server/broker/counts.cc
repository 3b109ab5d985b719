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
  queues_end_ = vhost.all_queues().end();
  connections_end_ = vhost.all_connections().end();
  if (detail_.exchanges) exchanges_end_ = vhost.all_exchanges().end();
  counts_.queue_count = vhost.all_queues().size();
  counts_.connection_count = vhost.all_connections().size();
  counts_.exchange_count = vhost.all_exchanges().size();
}

bool CountSurvey::look(const Vhost& vhost, std::size_t count) {
  if (!std::exchange(has_begun_, true)) begin(vhost);
  const auto go_on = [&](const auto& roster, RosterPlace& place, RosterPlace end) {
    for (; count > 0 && place < end; --count)
      if (const auto* object = roster.next(place, end)) add(*object);
  };
  go_on(vhost.all_queues(), queue_, queues_end_);
  go_on(vhost.all_connections(), connection_, connections_end_);
  go_on(vhost.all_exchanges(), exchange_, exchanges_end_);
  return queue_ < queues_end_ || connection_ < connections_end_ || exchange_ < exchanges_end_;
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
  counts_.open_traffic += connection.traffic;
  connection.for_each_channel([&](const Channel& channel) {
    ChannelCounts counts = counts_of(channel);
    counts_.all_channels += counts;
    if (!detail_.connections) return;
    counts.connection = connection.info().name;
    counts.number = channel.number();
    counts_.channels.push_back(std::move(counts));
  });
  if (detail_.connections)
    counts_.connections.push_back(
        {connection.info().name, connection.channel_count(), connection.traffic});
}

void CountSurvey::add(const Exchange& exchange) {
  counts_.exchanges.push_back({.name = exchange.name(),
                               .type = exchange.type(),
                               .publish_in = exchange.publish_in,
                               .publish_out = exchange.publish_out,
                               .bindings = exchange.binding_count()});
}

}  // namespace leveret::broker
