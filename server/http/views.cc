#include "http/views.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>

#include "broker/client_survey.h"
#include "http/url.h"

namespace leveret::http {
namespace {

/// The counters that are written even when they are zero.
constexpr std::array<std::string_view, 5> main_counters = {"ack", "dead_lettered", "deliver_get",
                                                           "publish", "redeliver"};

/// In the order of broker::DeathReason.
constexpr std::array<const char*, broker::death_reason_count> death_reasons = {
    "rejected", "expired", "maxlen", "delivery_limit"};

bool is_main(std::string_view counter) {
  return std::ranges::find(main_counters, counter) != main_counters.end();
}

/// An object with some columns; a value is made only when it is wanted.
class Item {
 public:
  Item(Json& json, const Columns& columns) : json_(json), columns_(columns) {}

  void put(std::string_view name, const auto& value) {
    if (columns_.want(name)) json_[std::string{name}] = value;
  }
  void make(std::string_view name, const auto& value_of) {
    if (columns_.want(name)) json_[std::string{name}] = value_of();
  }

 private:
  Json& json_;
  const Columns& columns_;
};

std::string_view name_of(broker::ConnectionState state) {
  switch (state) {
    case broker::ConnectionState::running: return "running";
    case broker::ConnectionState::flow: return "flow";
    case broker::ConnectionState::blocking: return "blocking";
    case broker::ConnectionState::blocked: return "blocked";
  }
  return "";
}

Json or_null(const std::optional<std::string>& text) {
  return text ? Json(*text) : Json{};
}

Json queue_extension(const broker::QueueView& queue) {
  Json dropped = Json::object();
  for (std::size_t i = 0; i < death_reasons.size(); ++i)
    dropped[death_reasons[i]] = queue.stats.dropped[i];
  Json extension{{"dropped", std::move(dropped)},
                 {"last_seq", queue.last_seq},
                 {"messages_ram", queue.in_memory},
                 {"dead_letter_queues", queue.dead_letter_targets},
                 {"dead_letter_sources", queue.dead_letter_sources}};
  if (queue.head_published_at) extension["head_published_at"] = *queue.head_published_at;
  return extension;
}

void put_policies(Item item, const broker::EffectivePolicy& policy) {
  const auto name = [](const std::string& text) { return text.empty() ? Json{} : Json(text); };
  item.put("policy", name(policy.policy));
  item.put("operator_policy", name(policy.operator_policy));
  item.make("effective_policy_definition", [&] { return to_json(policy.definition); });
}

const char* kind_name(broker::OperationKind kind) {
  switch (kind) {
    case broker::OperationKind::replay: return "replay";
    case broker::OperationKind::remove: return "delete";
  }
  return "";
}

const char* state_name(broker::OperationState state) {
  switch (state) {
    case broker::OperationState::running: return "running";
    case broker::OperationState::done: return "done";
    case broker::OperationState::cancelled: return "cancelled";
  }
  return "";
}

}  // namespace

namespace {

template <class Window>
Json details_json(const PastOf<Window>& past, std::size_t column, std::uint64_t value,
                  const std::optional<SampleRange>& range) {
  Json details{{"rate", past.rates ? past.rates->rate(column) : 0.0}};
  if (!range) return details;
  if (past.history)
    put_samples(details, *past.history, column, *range, past.now);
  else if (past.rates && past.rates->sample_count() == 1)  // quiet: it has been so for long
    put_samples(details, value, *range, past.now);
  return details;
}

}  // namespace

Json stats_json(const broker::MessageStats& stats, const Past& past, StatsDetail detail) {
  Json object = Json::object();
  for (std::size_t i = 0; i < counter_count; ++i) {
    const std::string name{counters[i].name};
    const std::uint64_t value = counters[i].read(stats);
    if (value == 0 && detail == StatsDetail::brief && !is_main(name)) continue;
    object[name] = value;
    object[name + "_details"] = details_json(past, i, value, past.ranges.msg_rates);
  }
  return object;
}

void put_lengths(Json& json, const Lengths& lengths, const Past& past, const Columns& columns) {
  Item item{json, columns};
  const auto put = [&](const std::string& name, std::uint64_t value, std::size_t column) {
    item.put(name, value);
    item.make(name + "_details",
              [&] { return details_json(past, column, value, past.ranges.lengths); });
  };
  put("messages", lengths.ready + lengths.unacked, messages_column);
  put("messages_ready", lengths.ready, ready_column);
  put("messages_unacknowledged", lengths.unacked, unacked_column);
}

namespace {

/// "2026-11-24T19:30:00.000+00:00" (rabbit_mgmt_format.erl, now_to_str).
std::string time_text(TimeMs time) {
  const std::chrono::sys_time<std::chrono::milliseconds> at{std::chrono::milliseconds{time}};
  const auto day = std::chrono::floor<std::chrono::days>(at);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss clock{at - day};
  std::array<char, 96> text{};
  std::snprintf(text.data(), text.size(), "%04d-%02u-%02uT%02d:%02d:%02d.%03d+00:00",
                static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                static_cast<unsigned>(date.day()), static_cast<int>(clock.hours().count()),
                static_cast<int>(clock.minutes().count()),
                static_cast<int>(clock.seconds().count()),
                static_cast<int>(clock.subseconds().count()));
  return text.data();
}

/// About: what its messages in memory take, taking those for as long as all are, with some room for
/// each of them and for the queue itself.
std::uint64_t memory_of(const broker::QueueView& queue) {
  constexpr std::uint64_t of_queue = 2'000;
  constexpr std::uint64_t of_message = 250;
  const std::uint64_t count = queue.ready + queue.unacked;
  const std::uint64_t bytes = queue.ready_bytes + queue.unacked_bytes;
  return of_queue + queue.in_memory * (of_message + (count > 0 ? bytes / count : 0));
}

}  // namespace

Json queue_json(const broker::QueueView& queue, const QueueSurroundings& around,
                const Columns& columns) {
  const amqp::Value* given = queue.arguments.find("x-queue-type");
  const std::string type = given && given->as_string() ? *given->as_string() : "classic";
  Json json = Json::object();
  Item item{json, columns};
  item.put("name", queue.name);
  item.put("vhost", around.vhost);
  item.put("type", type);
  item.put("durable", queue.durable);
  item.put("auto_delete", queue.auto_delete);
  item.put("exclusive", queue.exclusive);
  item.make("arguments", [&] { return to_json(queue.arguments); });
  item.put("state", "running");
  item.put("node", around.node);
  item.put("message_bytes", queue.ready_bytes + queue.unacked_bytes);
  item.put("message_bytes_ready", queue.ready_bytes);
  item.put("message_bytes_unacknowledged", queue.unacked_bytes);
  item.put("messages_ram", queue.in_memory);
  item.put("messages_ready_ram", queue.ready_in_memory);
  item.put("messages_unacknowledged_ram", queue.unacked);
  item.put("messages_paged_out", queue.ready - queue.ready_in_memory);
  item.put("consumers", queue.consumers);
  item.put("consumer_capacity", around.consumer_capacity);
  item.put("consumer_utilisation", around.consumer_capacity);
  item.put("memory", memory_of(queue));
  item.put("head_message_timestamp",
           queue.head_timestamp ? Json(*queue.head_timestamp) : Json(nullptr));
  item.put("exclusive_consumer_tag", or_null(queue.exclusive_consumer));
  item.put("single_active_consumer_tag", or_null(queue.single_active_consumer));
  item.make("message_stats", [&] { return stats_json(queue.stats, around.past, around.detail); });
  item.make("x", [&] { return queue_extension(queue); });
  put_lengths(json, {queue.ready, queue.unacked}, around.past, columns);
  if (around.past.rates)
    if (const auto since = around.past.rates->idle_since())
      item.make("idle_since", [&] { return time_text(*since); });
  if (type == "quorum") {
    item.put("leader", around.node);
    for (const char* name : {"members", "online"}) item.put(name, Json::array({around.node}));
  } else {
    item.put("recoverable_slaves", nullptr);
  }
  if (queue.exclusive)
    item.put("owner_pid_details", Json{{"name", queue.owner},
                                       {"peer_host", queue.owner_host},
                                       {"peer_port", queue.owner_port}});
  put_policies(item, queue.policy);
  return json;
}

Json exchange_json(const broker::ExchangeView& exchange, std::string_view vhost,
                   const PairPast& past) {
  const auto details = [&](std::size_t column, std::uint64_t value) {
    return details_json(past, column, value, past.ranges.msg_rates);
  };
  Json item{
      {"name", exchange.name},
      {"vhost", vhost},
      {"type", exchange.type},
      {"durable", exchange.durable},
      {"auto_delete", exchange.auto_delete},
      {"internal", exchange.internal},
      {"arguments", to_json(exchange.arguments)},
      {"message_stats",
       {{"publish_in", exchange.publish_in},
        {"publish_in_details", details(0, exchange.publish_in)},
        {"publish_out", exchange.publish_out},
        {"publish_out_details", details(1, exchange.publish_out)}}},
  };
  // Unlike a queue, without what it does not have.
  if (!exchange.policy.policy.empty()) put_policies({item, {}}, exchange.policy);
  return item;
}

Json policy_json(const broker::PolicyRecord& policy, std::string_view vhost) {
  return {
      {"vhost", vhost},
      {"name", policy.name},
      {"pattern", policy.pattern},
      {"apply-to", policy.apply_to},
      {"definition", to_json(policy.definition)},
      {"priority", policy.priority},
  };
}

std::string properties_key(const broker::BindingView& binding) {
  if (binding.arguments_key.empty() && binding.routing_key.empty()) return "~";
  std::string key;
  const std::string encoded = percent_encode(binding.routing_key);
  // As quote_plus and its own rule for what begins the part of the arguments.
  for (std::string_view left = encoded; !left.empty();) {
    const bool is_space = left.starts_with("%20");
    if (is_space)
      key += '+';
    else if (left.front() == '~')
      key += "%7E";
    else
      key += left.front();
    left.remove_prefix(is_space ? 3 : 1);
  }
  return binding.arguments_key.empty() ? key : key + "~" + binding.arguments_key;
}

bool has_properties_key(const broker::BindingView& binding, const std::string& key) {
  const std::size_t tilde = key.find('~');
  std::string quoted = key.substr(0, tilde);
  std::ranges::replace(quoted, '+', ' ');
  return percent_decode(quoted) == binding.routing_key &&
         (tilde == std::string::npos ? "" : key.substr(tilde + 1)) == binding.arguments_key;
}

Json binding_json(const broker::BindingView& binding, std::string_view vhost,
                  const Columns& columns) {
  Json json = Json::object();
  Item item{json, columns};
  item.put("source", binding.source);
  item.put("vhost", vhost);
  item.put("destination", binding.destination);
  item.put("destination_type", binding.to_exchange ? "exchange" : "queue");
  item.put("routing_key", binding.routing_key);
  item.make("arguments", [&] { return to_json(binding.arguments); });
  item.make("properties_key", [&] { return properties_key(binding); });
  return json;
}

namespace {

Json text_or_null(const std::string& text) {
  return text.empty() ? Json(nullptr) : Json(text);
}

/// A plain connection has these too, without a value, as in RabbitMQ.
Json tls_json(const std::optional<broker::TlsInfo>& given) {
  const broker::TlsInfo tls = given.value_or(broker::TlsInfo{});
  return {
      {"ssl", given.has_value()},
      {"ssl_protocol", text_or_null(tls.protocol)},
      {"ssl_key_exchange", text_or_null(tls.key_exchange)},
      {"ssl_cipher", text_or_null(tls.cipher)},
      {"ssl_hash", text_or_null(tls.hash)},
      {"peer_cert_subject", text_or_null(tls.peer_cert_subject)},
      {"peer_cert_issuer", text_or_null(tls.peer_cert_issuer)},
      {"peer_cert_validity", text_or_null(tls.peer_cert_validity)},
  };
}

}  // namespace

Json connection_json(const broker::ConnectionView& connection, std::string_view vhost,
                     std::string_view node, const PairPast& past) {
  const broker::Traffic& traffic = connection.traffic;
  const auto details = [&](std::size_t column, std::uint64_t value) {
    return details_json(past, column, value, past.ranges.data_rates);
  };
  Json json = {
      {"name", connection.name},
      {"user", connection.user},
      {"user_who_performed_action", connection.user},
      {"vhost", vhost},
      {"node", node},
      {"state", name_of(connection.state)},
      {"type", "network"},
      {"protocol", "AMQP 0-9-1"},
      {"host", connection.host},
      {"port", connection.port},
      {"peer_host", connection.peer_host},
      {"peer_port", connection.peer_port},
      {"connected_at", connection.connected_at},
      {"client_properties", to_json(connection.client_properties)},
      {"channels", connection.channels},
      {"channel_max", connection.channel_max},
      {"frame_max", connection.frame_max},
      {"timeout", connection.heartbeat_s},
      {"auth_mechanism", connection.auth_mechanism},
      {"recv_oct", traffic.received_octets},
      {"recv_oct_details", details(0, traffic.received_octets)},
      {"recv_cnt", traffic.received},
      {"send_oct", traffic.sent_octets},
      {"send_oct_details", details(1, traffic.sent_octets)},
      {"send_cnt", traffic.sent},
      {"send_pend", connection.waiting_octets},
  };
  if (const amqp::Value* name = connection.client_properties.find("connection_name"))
    json["user_provided_name"] = to_json(*name);
  json.update(tls_json(connection.tls));
  return json;
}

Json channel_json(const broker::ChannelView& channel, std::string_view vhost, std::string_view node,
                  const Past& past) {
  Json stats = stats_json(channel.stats, past, StatsDetail::brief);
  for (const char* of_queue : {"dead_lettered", "dead_lettered_details"}) stats.erase(of_queue);
  return {
      {"name", broker::channel_name(channel.connection, channel.number)},
      {"number", channel.number},
      {"connection_details",
       {{"name", channel.connection},
        {"peer_host", channel.peer_host},
        {"peer_port", channel.peer_port}}},
      {"user", channel.user},
      {"user_who_performed_action", channel.user},
      {"vhost", vhost},
      {"node", node},
      {"state", "running"},
      {"confirm", channel.confirm},
      {"transactional", channel.transactional},
      {"prefetch_count", channel.prefetch},
      {"global_prefetch_count", channel.global_prefetch},
      {"messages_unacknowledged", channel.unacked},
      {"messages_unconfirmed", channel.unconfirmed},
      {"messages_uncommitted", channel.publishes_uncommitted},
      {"acks_uncommitted", channel.settled_uncommitted},
      {"pending_raft_commands", 0},
      {"consumer_count", channel.consumers},
      {"message_stats", std::move(stats)},
  };
}

Json consumer_json(const broker::ConsumerView& consumer, std::string_view vhost,
                   std::string_view node) {
  Json channel{{"name", broker::channel_name(consumer.connection, consumer.channel)},
               {"number", consumer.channel},
               {"connection_name", consumer.connection},
               {"node", node},
               {"peer_host", consumer.peer_host},
               {"peer_port", consumer.peer_port},
               {"user", consumer.user}};
  return {
      {"consumer_tag", consumer.tag},
      {"queue", {{"name", consumer.queue}, {"vhost", vhost}}},
      {"channel_details", std::move(channel)},
      {"ack_required", !consumer.no_ack},
      {"exclusive", consumer.exclusive},
      {"active", consumer.active},
      {"activity_status", consumer.active ? "up" : "waiting"},
      {"prefetch_count", consumer.prefetch},
      {"arguments", to_json(consumer.arguments)},
      {"x", {{"messages_unacknowledged", consumer.unacked}}},
  };
}

Json operation_json(const broker::OperationView& operation, std::string_view vhost) {
  Json failed = Json::array();
  for (const broker::FailedMessage& message : operation.failed)
    failed.push_back({{"seq", message.seq}, {"reason", message.reason}});
  const broker::OperationRequest& request = operation.request;
  return {
      {"id", operation.id},
      {"kind", kind_name(request.kind)},
      {"vhost", vhost},
      {"queue", request.queue},
      {"target", request.target.empty() ? Json{} : Json(request.target)},
      {"actor", request.actor},
      {"created", operation.created},
      {"state", state_name(operation.state)},
      {"total", operation.total},
      {"done", operation.done},
      {"skipped", operation.skipped},
      {"failed", std::move(failed)},
      {"failed_count", operation.failed_count},
  };
}

}  // namespace leveret::http
