#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "broker/alarms.h"
#include "broker/roster.h"
#include "broker/stats.h"

/// The numbers of a virtual host and of what is in it, for metrics: small copies, unlike the views
/// of inspect.h.
namespace leveret::broker {

class Connection;
class Exchange;
class Queue;
class Vhost;

struct QueueCounts {
  std::string name;
  std::uint64_t ready = 0;
  std::uint64_t unacked = 0;
  std::uint64_t ready_bytes = 0;
  std::uint64_t unacked_bytes = 0;
  /// Of the ready ones.
  std::uint64_t ready_in_memory = 0;
  std::uint64_t consumers = 0;
  /// When the next message came, when there is one and it is in memory.
  std::optional<TimeMs> head_published_at;
  MessageStats stats;
};

struct ChannelCounts {
  std::string connection;
  std::uint16_t number = 0;
  std::uint64_t consumers = 0;
  std::uint64_t unacked = 0;
  std::uint64_t unconfirmed = 0;
  /// Published, and settled, in a transaction that is open.
  std::uint64_t publishes_uncommitted = 0;
  std::uint64_t settled_uncommitted = 0;
  std::uint64_t prefetch = 0;
  std::uint64_t global_prefetch = 0;
};

/// Adds the numbers of one to those of several.
QueueCounts& operator+=(QueueCounts& sum, const QueueCounts& counts);
ChannelCounts& operator+=(ChannelCounts& sum, const ChannelCounts& counts);

struct ConnectionCounts {
  std::string name;
  std::uint64_t channels = 0;
  Traffic traffic;
};

struct ExchangeCounts {
  std::string name;
  std::string type;
  std::uint64_t publish_in = 0;
  std::uint64_t publish_out = 0;
  std::uint64_t bindings = 0;
};

/// Which objects' own numbers are wanted besides what they come to together.
struct CountDetail {
  bool queues = false;
  bool connections = false;  // and their channels
  bool exchanges = false;
};

/// One virtual host's numbers: what it has counted, how many of each object there are, what all
/// queues and all channels come to, and the objects' own where they are wanted.
struct VhostCounts {
  std::string vhost;
  VhostCounters counters;
  std::uint64_t publishers = 0;
  std::uint64_t pending_bytes = 0;
  std::uint64_t running_operations = 0;
  Alarms alarms;

  std::uint64_t connection_count = 0;
  std::uint64_t channel_count = 0;
  std::uint64_t queue_count = 0;
  std::uint64_t exchange_count = 0;
  std::uint64_t blocked_connections = 0;
  /// Of the connections that are open.
  Traffic open_traffic;
  QueueCounts all_queues;
  ChannelCounts all_channels;

  std::vector<QueueCounts> queues;
  std::vector<ChannelCounts> channels;
  std::vector<ConnectionCounts> connections;
  std::vector<ExchangeCounts> exchanges;
};

/// Counts a virtual host a few objects at a time, as QueueSurvey looks at its queues, each look in
/// a turn of its own. What comes or goes meanwhile may be missing.
class CountSurvey {
 public:
  explicit CountSurvey(CountDetail detail) : detail_(detail) {}

  /// Counts up to `count` more objects, always of the same virtual host; returns whether there are
  /// more.
  bool look(const Vhost& vhost, std::size_t count);
  VhostCounts take() { return std::move(counts_); }

 private:
  void begin(const Vhost& vhost);
  void add(const Queue& queue);
  void add(const Connection& connection);
  void add(const Exchange& exchange);

  CountDetail detail_;
  bool has_begun_ = false;
  VhostCounts counts_;
  RosterPlace queue_ = 0;
  RosterPlace queues_end_ = 0;
  RosterPlace connection_ = 0;
  RosterPlace connections_end_ = 0;
  RosterPlace exchange_ = 0;
  RosterPlace exchanges_end_ = 0;
};

}  // namespace leveret::broker
