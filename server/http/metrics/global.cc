#include "http/metrics/global.h"

#include <array>
#include <utility>

#include "http/render.h"

namespace leveret::http::metrics {
namespace {

using broker::DeathReason;
using broker::MessageStats;
using broker::QueueKind;
using enum Type;

constexpr std::string_view prefix = "rabbitmq_";
constexpr std::string_view global = "rabbitmq_global_";
constexpr std::string_view protocol = "protocol=\"amqp091\"";

/// As RabbitMQ 4 names them; what is not of a queue is a direct reply.
constexpr std::array<std::pair<QueueKind, std::string_view>, 3> kinds{
    {{QueueKind::classic, "rabbit_classic_queue"},
     {QueueKind::quorum, "rabbit_quorum_queue"},
     {QueueKind::none, "rabbit_volatile_queue"}}};

struct TypedFamily {
  Family family;
  std::uint64_t (*value)(const MessageStats&);
};
constexpr std::array typed_families{
    TypedFamily{
        {"messages_delivered_total", counter, "Total number of messages delivered to consumers"},
        [](const MessageStats& s) { return s.deliver_get(); }},
    TypedFamily{{"messages_delivered_consume_manual_ack_total", counter,
                 "Total number of messages delivered to consumers using basic.consume with manual "
                 "acknowledgment"},
                [](const MessageStats& s) { return s.deliver; }},
    TypedFamily{{"messages_delivered_consume_auto_ack_total", counter,
                 "Total number of messages delivered to consumers using basic.consume with "
                 "automatic acknowledgment"},
                [](const MessageStats& s) { return s.deliver_no_ack; }},
    TypedFamily{{"messages_delivered_get_manual_ack_total", counter,
                 "Total number of messages delivered to consumers using basic.get with manual "
                 "acknowledgment"},
                [](const MessageStats& s) { return s.get; }},
    TypedFamily{{"messages_delivered_get_auto_ack_total", counter,
                 "Total number of messages delivered to consumers using basic.get with automatic "
                 "acknowledgment"},
                [](const MessageStats& s) { return s.get_no_ack; }},
    TypedFamily{{"messages_get_empty_total", counter,
                 "Total number of times basic.get operations fetched no message"},
                [](const MessageStats& s) { return s.get_empty; }},
    TypedFamily{{"messages_redelivered_total", counter,
                 "Total number of messages redelivered to consumers"},
                [](const MessageStats& s) { return s.redeliver; }},
    TypedFamily{{"messages_acknowledged_total", counter,
                 "Total number of messages acknowledged by consumers"},
                [](const MessageStats& s) { return s.ack; }},
};

struct DeathFamily {
  Family family;
  DeathReason reason;
};
constexpr std::array death_families{
    DeathFamily{{"messages_dead_lettered_maxlen_total", counter,
                 "Total number of messages dead-lettered due to overflow drop-head or "
                 "reject-publish-dlx"},
                DeathReason::maxlen},
    DeathFamily{{"messages_dead_lettered_expired_total", counter,
                 "Total number of messages dead-lettered due to message TTL exceeded"},
                DeathReason::expired},
    DeathFamily{{"messages_dead_lettered_rejected_total", counter,
                 "Total number of messages dead-lettered due to basic.reject or basic.nack"},
                DeathReason::rejected},
    DeathFamily{{"messages_dead_lettered_delivery_limit_total", counter,
                 "Total number of messages dead-lettered due to delivery-limit exceeded"},
                DeathReason::delivery_limit},
};

void add_typed(Sections& sections, const broker::VhostCounters& counters) {
  for (const TypedFamily& typed : typed_families) {
    std::vector<std::uint64_t> values;
    for (const auto& [kind, name] : kinds)
      values.push_back(typed.value(counters.messages[static_cast<std::size_t>(kind)]));
    sections.add(global, typed.family, values.size(), [values](Exposition& out, std::size_t index) {
      out.sample(label_text({{"protocol", "amqp091"}, {"queue_type", kinds[index].second}}),
                 values[index]);
    });
  }
}

/// Those that found a dead-letter exchange with a queue, and those that did not ("disabled").
void add_deaths(Sections& sections, const broker::VhostCounters& counters) {
  for (const DeathFamily& death : death_families) {
    std::vector<std::pair<std::string, std::uint64_t>> samples;
    for (const auto& [kind, name] : kinds) {
      if (kind == QueueKind::none) continue;
      const MessageStats& stats = counters.messages[static_cast<std::size_t>(kind)];
      const auto reason = static_cast<std::size_t>(death.reason);
      const auto labels = [queue_type = name](std::string_view strategy) {
        return label_text({{"queue_type", queue_type}, {"dead_letter_strategy", strategy}});
      };
      samples.emplace_back(labels("at_most_once"), stats.dead_lettered[reason]);
      samples.emplace_back(labels("disabled"), stats.dropped[reason]);
    }
    sections.add(global, death.family, samples.size(),
                 [samples](Exposition& out, std::size_t index) {
                   out.sample(samples[index].first, samples[index].second);
                 });
  }
}

}  // namespace

void add_identity(Sections& sections, const Snapshot& snapshot, std::string_view endpoint) {
  const auto info = [&](const Family& family, std::string labels) {
    sections.add(prefix, family, 1, [labels = std::move(labels)](Exposition& out, std::size_t) {
      out.sample(labels, std::uint64_t{1});
    });
  };
  info({"build_info", untyped, "RabbitMQ & Erlang/OTP version info"},
       label_text({{"rabbitmq_version", rabbitmq_version},
                   {"product_name", "Leveret"},
                   {"product_version", snapshot.version}}));
  info({"identity_info", untyped, "RabbitMQ node & cluster identity info"},
       label_text({{"rabbitmq_node", snapshot.node_name},
                   {"rabbitmq_cluster", snapshot.cluster_name},
                   {"rabbitmq_cluster_permanent_id", snapshot.node_name},
                   {"rabbitmq_endpoint", endpoint}}));
}

void add_node(Sections& sections, std::string_view with_prefix, const Snapshot& snapshot,
              const std::function<bool(std::string_view group)>& is_wanted) {
  const MachineView& node = snapshot.node;
  const broker::JournalStats& journal = snapshot.sum.counters.journal;
  const auto add = [&](const Family& family, const auto& value) {
    sections.one(with_prefix, family, value);
  };
  if (is_wanted("node_coarse_metrics")) {
    add({"process_open_fds", gauge, "Open file descriptors"}, node.files_used);
    add({"process_open_tcp_sockets", gauge, "Open TCP sockets"},
        std::uint64_t{snapshot.sum.connection_count + snapshot.http_connections});
    add({"process_resident_memory_bytes", gauge, "Memory used in bytes"}, node.memory_used);
    add({"disk_space_available_bytes", gauge, "Disk space available in bytes"}, node.disk_free);
  }
  if (is_wanted("node_metrics")) {
    add({"process_max_fds", gauge, "Open file descriptors limit"}, node.files_limit);
    // Nothing limits sockets but files.
    add({"process_max_tcp_sockets", gauge, "Open TCP sockets limit"}, node.files_limit);
    add({"resident_memory_limit_bytes", gauge, "Memory high watermark in bytes"},
        snapshot.marks.memory_limit);
    add({"disk_space_available_limit_bytes", gauge, "Free disk space low watermark in bytes"},
        snapshot.marks.disk_free_limit);
    add({"erlang_uptime_seconds", gauge, "Node uptime"}, snapshot.uptime_seconds);
  }
  if (is_wanted("node_persister_metrics")) {
    add({"io_read_bytes_total", counter, "Total number of I/O bytes read"}, node.bytes_read);
    add({"io_write_bytes_total", counter, "Total number of I/O bytes written"}, node.bytes_written);
    add({"io_sync_ops_total", counter, "Total number of I/O sync operations"}, journal.commits);
    add({"io_sync_time_seconds_total", counter, "Total I/O sync time"},
        journal.commit_seconds.sum());
    add({"msg_store_write_total", counter, "Total number of Message Store write operations"},
        journal.messages_recorded - journal.messages_settled_unwritten);
  }
}

void add_global(Sections& sections, const broker::VhostCounts& sum) {
  const broker::VhostCounters& counters = sum.counters;
  const MessageStats all = counters.all_messages();
  const auto add = [&](const Family& family, std::uint64_t value) {
    sections.add(global, family, 1,
                 [value](Exposition& out, std::size_t) { out.sample(protocol, value); });
  };
  add({"messages_received_total", counter, "Total number of messages received from publishers"},
      all.publish);
  add({"messages_received_confirm_total", counter,
       "Total number of messages received from publishers expecting confirmations"},
      counters.publish_confirm);
  add({"messages_routed_total", counter, "Total number of messages routed to queues or streams"},
      counters.routed);
  add({"messages_unroutable_dropped_total", counter,
       "Total number of messages published as non-mandatory into an exchange and dropped as "
       "unroutable"},
      all.drop_unroutable);
  add({"messages_unroutable_returned_total", counter,
       "Total number of messages published as mandatory into an exchange and returned to the "
       "publisher as unroutable"},
      all.return_unroutable);
  add({"messages_confirmed_total", counter, "Total number of messages confirmed to publishers"},
      all.confirm);
  add({"publishers", gauge, "Current number of publishers"}, sum.publishers);
  add({"consumers", gauge, "Current number of consumers"}, sum.all_queues.consumers);
  add_typed(sections, counters);
  add_deaths(sections, counters);
  sections.add(prefix,
               {"message_size_bytes", histogram, "Size of messages received from publishers"}, 1,
               [sizes = counters.message_bytes](Exposition& out, std::size_t) {
                 out.sample(protocol, sizes);
               });
}

void add_alarms(Sections& sections, const Snapshot& snapshot) {
  const MachineView& node = snapshot.node;
  const auto add = [&](std::string_view name, std::string_view help, bool is_on) {
    sections.one("rabbitmq_alarms_", {name, untyped, help}, std::uint64_t{is_on ? 1U : 0U});
  };
  add("file_descriptor_limit", "is 1 if file descriptor limit alarm is in effect",
      node.files_limit > 0 && node.files_used >= node.files_limit);
  add("free_disk_space_watermark", "is 1 if free disk space watermark alarm is in effect",
      snapshot.sum.alarms.disk);
  add("memory_used_watermark", "is 1 if VM memory watermark alarm is in effect",
      snapshot.sum.alarms.memory);
}

}  // namespace leveret::http::metrics
