#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "amqp/table.h"
#include "base/clock.h"
#include "base/ids.h"
#include "broker/alarms.h"
#include "broker/connection_info.h"
#include "broker/journal.h"
#include "broker/message.h"
#include "broker/policy.h"
#include "broker/stats.h"

/// What the management side sees of a virtual host: plain copies, taken in a turn of the core and
/// carried to another thread. Looking changes nothing.
namespace leveret::broker {

class Channel;
class Connection;
class Exchange;
class Vhost;
struct Consumer;

struct ConsumerView {
  std::string tag;
  std::string queue;
  std::string connection;
  std::uint16_t channel = 0;
  std::string user;
  std::string peer_host;
  std::uint16_t peer_port = 0;
  bool no_ack = false;
  bool exclusive = false;
  bool active = true;  // false when another one of a single-active-consumer queue is
  std::uint16_t prefetch = 0;
  std::uint32_t unacked = 0;
  amqp::Table arguments;
};

struct QueueView {
  std::string name;
  bool durable = false;
  bool exclusive = false;
  bool auto_delete = false;
  amqp::Table arguments;
  EffectivePolicy policy;
  std::string owner;  // connection name of an exclusive queue, and where it comes from
  std::string owner_host;
  std::uint16_t owner_port = 0;
  std::uint64_t ready = 0;
  std::uint64_t unacked = 0;
  std::uint64_t ready_bytes = 0;
  std::uint64_t unacked_bytes = 0;
  std::uint64_t in_memory = 0;
  std::uint64_t ready_in_memory = 0;
  std::size_t consumers = 0;
  std::optional<std::string> exclusive_consumer;  // its tag
  std::optional<std::string> single_active_consumer;
  Seq last_seq = 0;
  std::optional<TimeMs> head_published_at;      // when the head is in memory
  std::optional<std::uint64_t> head_timestamp;  // its property of that name, in seconds
  std::optional<std::string> dead_letter_exchange;
  std::optional<std::string> dead_letter_routing_key;
  /// Where its dead letters go now, and which queues dead-letter to it.
  std::vector<std::string> dead_letter_targets;
  std::vector<std::string> dead_letter_sources;
  MessageStats stats;
};

struct ExchangeView {
  std::uint64_t serial = 0;  // which of its name; see Activity
  std::string name;
  std::string type;
  bool durable = false;
  bool auto_delete = false;
  bool internal = false;
  amqp::Table arguments;
  EffectivePolicy policy;
  std::uint64_t publish_in = 0;
  std::uint64_t publish_out = 0;
};

struct BindingView {
  std::string source;
  std::string destination;
  bool to_exchange = false;
  std::string routing_key;
  amqp::Table arguments;
  std::string arguments_key;  // tells arguments apart; empty when there are none
};

struct ChannelView {
  ConnectionId connection_id;
  std::uint64_t serial = 0;  // see Activity
  std::uint16_t number = 0;
  std::string connection;
  std::string user;
  std::string peer_host;
  std::uint16_t peer_port = 0;
  bool confirm = false;
  bool transactional = false;
  std::uint16_t prefetch = 0;
  std::uint16_t global_prefetch = 0;
  std::size_t unacked = 0;
  std::size_t unconfirmed = 0;
  /// Published, and settled, in a transaction that is open.
  std::size_t publishes_uncommitted = 0;
  std::size_t settled_uncommitted = 0;
  std::size_t consumers = 0;
  MessageStats stats;
};

struct ConnectionView {
  ConnectionId id;
  std::uint64_t serial = 0;  // see Activity
  std::string name;
  std::string user;
  std::string auth_mechanism;
  std::string peer_host;
  std::uint16_t peer_port = 0;
  std::string host;
  std::uint16_t port = 0;
  amqp::Table client_properties;
  TimeMs connected_at = 0;
  std::uint16_t channel_max = 0;
  std::uint32_t frame_max = 0;
  std::uint16_t heartbeat_s = 0;
  std::optional<TlsInfo> tls;
  std::size_t channels = 0;
  ConnectionState state = ConnectionState::running;
  std::uint64_t waiting_octets = 0;  // of its output, about
  Traffic traffic;
};

struct OverviewView {
  std::size_t connections = 0;
  std::size_t channels = 0;
  std::size_t exchanges = 0;
  std::size_t queues = 0;
  std::size_t consumers = 0;
  std::uint64_t ready = 0;
  std::uint64_t unacked = 0;
  Alarms alarms;
  MessageStats stats;
  ChurnStats churn;
};

std::optional<ExchangeView> view_exchange(const Vhost& vhost, std::string_view name);
/// Messages in a queue, also those that are out for delivery; 0 for an absent one.
std::uint64_t queue_length(const Vhost& vhost, std::string_view name);
/// Of one channel, if it still is there.
std::vector<ConsumerView> view_consumers(const Vhost& vhost, const ChannelView& channel);

ExchangeView view_of(const Exchange& exchange);
ConnectionView view_of(const Connection& connection);
ChannelView view_of(const Channel& channel);
ConsumerView view_of(const Consumer& consumer);

/// A message as browsing shows it.
struct BrowsedMessage {
  Seq seq = 0;
  bool is_unacked = false;
  bool redelivered = false;
  std::uint32_t delivery_count = 0;
  /// Where its content stands in the store, see journal.h.
  ContentId content = 0;
  Keeper keeper = Keeper::memory;
  MessagePtr message;
};

struct BrowsePage {
  std::vector<BrowsedMessage> messages;
  /// Where the next page starts (its `after`); 0 when this was the last.
  Seq next = 0;
  Seq last_seq = 0;
  std::uint64_t ready = 0;
};

}  // namespace leveret::broker
