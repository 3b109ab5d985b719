#pragma once

#include <string>
#include <string_view>

#include "broker/inspect.h"
#include "broker/operation.h"
#include "http/json.h"
#include "http/list.h"
#include "http/rate_history.h"

/// The broker's views as RabbitMQ's management API writes them, and our own ones under "x". Pure
/// functions: what comes in are copies taken on the core's loop.
namespace leveret::http {

/// How much of the counters to write: those that happened and the main ones, or all.
enum class StatsDetail { brief, full };

Json stats_json(const broker::MessageStats& stats, const Past& past, StatsDetail detail);
/// Adds messages, messages_ready and messages_unacknowledged, with their details; those of these
/// columns.
void put_lengths(Json& item, const Lengths& lengths, const Past& past, const Columns& columns = {});

/// Where a queue lives and how fast it goes.
struct QueueSurroundings {
  std::string_view vhost;
  std::string_view node;
  Past past = {};
  StatsDetail detail = StatsDetail::brief;
  double consumer_capacity = 0;
};
/// These columns of it; of one that is an object all that is in it.
Json queue_json(const broker::QueueView& queue, const QueueSurroundings& around,
                const Columns& columns = {});

Json exchange_json(const broker::ExchangeView& exchange, std::string_view vhost,
                   const PairPast& past = {});
Json policy_json(const broker::PolicyRecord& policy, std::string_view vhost);
/// The last part of a binding's path, as RabbitMQ writes it (rabbit_mgmt_format.erl,
/// pack_binding_props): "~" for no key and no arguments, else the key with its own percent encoding
/// (which the path's comes on top of), then, after a "~", what tells the arguments apart.
std::string properties_key(const broker::BindingView& binding);
/// Whether `key` is that, however its routing key is quoted.
bool has_properties_key(const broker::BindingView& binding, const std::string& key);
/// These columns of it.
Json binding_json(const broker::BindingView& binding, std::string_view vhost,
                  const Columns& columns = {});
Json connection_json(const broker::ConnectionView& connection, std::string_view vhost,
                     std::string_view node, const PairPast& past = {});
Json channel_json(const broker::ChannelView& channel, std::string_view vhost, std::string_view node,
                  const Past& past = {});
Json consumer_json(const broker::ConsumerView& consumer, std::string_view vhost,
                   std::string_view node);
Json operation_json(const broker::OperationView& operation, std::string_view vhost);

}  // namespace leveret::http
