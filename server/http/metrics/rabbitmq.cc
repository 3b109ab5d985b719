#include "http/metrics/rabbitmq.h"

#include <algorithm>
#include <array>
#include <memory>

#include "http/metrics/columns.h"
#include "http/metrics/global.h"

namespace leveret::http::metrics {
namespace {

using broker::ChannelCounts;
using broker::ConnectionCounts;
using broker::ExchangeCounts;
using broker::QueueCounts;
using broker::Traffic;
using broker::VhostCounts;
using enum Type;

constexpr std::string_view prefix = "rabbitmq_";
constexpr std::string_view detailed_prefix = "rabbitmq_detailed_";
constexpr std::string_view cluster_prefix = "rabbitmq_cluster_";

/// The number of a queue's consumers is in two families.
bool wants(const std::vector<std::string>& groups, std::string_view group) {
  const auto has = [&](std::string_view name) {
    return std::ranges::find(groups, name) != groups.end();
  };
  return has(group) || (group == "queue_consumer_count" && has("queue_metrics"));
}

template <class Counts>
bool wants_any(const std::vector<std::string>& groups, std::span<const Column<Counts>> columns) {
  return std::ranges::any_of(columns, [&](const auto& each) { return wants(groups, each.group); });
}

/// What is true of every group.
struct Everything {
  bool operator()(std::string_view) const { return true; }
};

/// One sample each, of what all objects come to.
template <class Counts>
void add_sum(Sections& sections, std::string_view with_prefix,
             std::span<const Column<Counts>> columns, const Counts& sum) {
  for (const Column<Counts>& column : columns)
    sections.one(with_prefix, column.family, column.value(sum));
}

/// An object and its labels, written once for all of its families.
template <class Counts>
struct Row {
  std::string labels;
  const Counts* counts;
};
template <class Counts>
using Rows = std::shared_ptr<std::vector<Row<Counts>>>;

template <class Counts>
void add_rows(Sections& sections, std::string_view with_prefix, const Column<Counts>& column,
              const SnapshotPtr& snapshot, const Rows<Counts>& rows) {
  sections.add(with_prefix, column.family, rows->size(),
               [snapshot, rows, value = column.value](Exposition& out, std::size_t index) {
                 const Row<Counts>& row = (*rows)[index];
                 out.sample(row.labels, value(*row.counts));
               });
}

/// The rows of the objects that `list` has of each virtual host; `labels` names one of them.
template <class Counts, class Label>
Rows<Counts> rows_of(const SnapshotPtr& snapshot, std::vector<Counts> VhostCounts::*list,
                     Label labels) {
  auto rows = std::make_shared<std::vector<Row<Counts>>>();
  for (const VhostCounts& vhost : snapshot->vhosts)
    for (const Counts& counts : vhost.*list)
      rows->push_back({labels(vhost.vhost, counts), &counts});
  return rows;
}

/// Each object's own numbers, of the groups that `is_wanted`.
template <class Wanted>
void add_objects(Sections& sections, std::string_view with_prefix, const SnapshotPtr& snapshot,
                 Wanted is_wanted) {
  const auto add_all = [&](const auto& columns, const auto& rows) {
    for (const auto& column : columns)
      if (is_wanted(column.group)) add_rows(sections, with_prefix, column, snapshot, rows);
  };
  auto vhosts = std::make_shared<std::vector<Row<VhostCounts>>>();
  for (const VhostCounts& vhost : snapshot->vhosts)
    vhosts->push_back({label_text({{"vhost", vhost.vhost}}), &vhost});
  add_all(message_columns(), vhosts);

  const auto queues = rows_of(snapshot, &VhostCounts::queues,
                              [](const std::string& vhost, const QueueCounts& queue) {
                                return label_text({{"vhost", vhost}, {"queue", queue.name}});
                              });
  add_all(queue_columns(), queues);
  add_all(queue_delivery_columns(), queues);
  if (is_wanted(queue_published_column().group)) {
    const auto targets = rows_of(
        snapshot, &VhostCounts::queues, [](const std::string& vhost, const QueueCounts& queue) {
          return label_text({{"queue_vhost", vhost}, {"queue", queue.name}});
        });
    add_rows(sections, with_prefix, queue_published_column(), snapshot, targets);
  }
  add_all(channel_columns(), rows_of(snapshot, &VhostCounts::channels,
                                     [](const std::string&, const ChannelCounts& channel) {
                                       const std::string name = channel.connection + " (" +
                                                                std::to_string(channel.number) +
                                                                ")";
                                       return label_text({{"channel", name}});
                                     }));
  add_all(connection_columns(), rows_of(snapshot, &VhostCounts::connections,
                                        [](const std::string&, const ConnectionCounts& connection) {
                                          return label_text({{"connection", connection.name}});
                                        }));
  add_all(exchange_columns(),
          rows_of(snapshot, &VhostCounts::exchanges,
                  [](const std::string& vhost, const ExchangeCounts& exchange) {
                    return label_text({{"vhost", vhost}, {"exchange", exchange.name}});
                  }));
}

/// Until somebody takes the counts back (DELETE /api/auth/attempts).
void add_logins(Sections& sections, std::string_view with_prefix, const Snapshot& snapshot) {
  using Counts = auth::Attempts::Counts;
  const auto add = [&](const Family& family, std::uint64_t (*value)(const Counts&)) {
    sections.add(with_prefix, family, snapshot.login_attempts.size(),
                 [attempts = snapshot.login_attempts, value](Exposition& out, std::size_t index) {
                   const auto& [protocol, counts] = attempts[index];
                   out.sample(label_text({{"protocol", protocol}}), value(counts));
                 });
  };
  add({"auth_attempts_total", counter, "Total number of authorization attempts"},
      [](const Counts& c) { return c.succeeded + c.failed; });
  add({"auth_attempts_succeeded_total", counter,
       "Total number of successful authentication attempts"},
      [](const Counts& c) { return c.succeeded; });
  add({"auth_attempts_failed_total", counter, "Total number of failed authentication attempts"},
      [](const Counts& c) { return c.failed; });
}

void add_totals(Sections& sections, const VhostCounts& sum) {
  sections.one(prefix, {"connections", gauge, "Connections currently open"}, sum.connection_count);
  sections.one(prefix, {"channels", gauge, "Channels currently open"}, sum.channel_count);
  sections.one(prefix, {"consumers", gauge, "Consumers currently connected"},
               sum.all_queues.consumers);
  sections.one(prefix, {"queues", gauge, "Queues available"}, sum.queue_count);
}

void add_cluster(Sections& sections, const SnapshotPtr& snapshot,
                 const std::vector<std::string>& groups) {
  if (wants(groups, "vhost_status"))
    sections.add(
        cluster_prefix, {"vhost_status", gauge, "Whether a given vhost is running"},
        snapshot->vhosts.size(), [snapshot](Exposition& out, std::size_t index) {
          out.sample(label_text({{"vhost", snapshot->vhosts[index].vhost}}), std::uint64_t{1});
        });
  const auto exchanges = rows_of(
      snapshot, &VhostCounts::exchanges,
      [](const std::string& vhost, const ExchangeCounts& exchange) {
        return label_text({{"vhost", vhost}, {"exchange", exchange.name}, {"type", exchange.type}});
      });
  // The default exchange has no bindings of its own; RabbitMQ leaves it out.
  std::erase_if(*exchanges, [](const auto& row) { return row.counts->name.empty(); });
  for (const auto& column : cluster_exchange_columns())
    if (wants(groups, column.group))
      add_rows(sections, cluster_prefix, column, snapshot, exchanges);
}

}  // namespace

void add_aggregated(Sections& sections, const SnapshotPtr& snapshot) {
  const VhostCounts& sum = snapshot->sum;
  add_sum(sections, prefix, churn_columns(), sum);
  add_node(sections, prefix, *snapshot, [](std::string_view) { return true; });
  add_sum(sections, prefix, queue_columns(), sum.all_queues);
  add_sum(sections, prefix, channel_columns(), sum.all_channels);
  add_sum(sections, prefix, message_columns(), sum);
  sections.one(prefix, queue_published_column().family, sum.counters.routed);
  Traffic traffic = sum.counters.closed_traffic;
  traffic += sum.open_traffic;
  add_sum(sections, prefix, connection_columns(), ConnectionCounts{{}, sum.channel_count, traffic});
  add_logins(sections, prefix, *snapshot);
  add_totals(sections, sum);
  add_identity(sections, *snapshot, "aggregated");
  add_global(sections, sum);
  add_alarms(sections, *snapshot);
}

void add_per_object(Sections& sections, const SnapshotPtr& snapshot) {
  add_sum(sections, prefix, churn_columns(), snapshot->sum);
  add_node(sections, prefix, *snapshot, Everything{});
  add_objects(sections, prefix, snapshot, Everything{});
  add_logins(sections, prefix, *snapshot);
  add_totals(sections, snapshot->sum);
  add_identity(sections, *snapshot, "per-object");
  add_global(sections, snapshot->sum);
}

void add_detailed(Sections& sections, const SnapshotPtr& snapshot,
                  const std::vector<std::string>& groups) {
  const auto is_wanted = [groups](std::string_view group) { return wants(groups, group); };
  if (wants_any(groups, churn_columns()))
    add_sum(sections, detailed_prefix, churn_columns(), snapshot->sum);
  add_node(sections, detailed_prefix, *snapshot, is_wanted);
  add_objects(sections, detailed_prefix, snapshot, is_wanted);
  if (is_wanted("auth_attempt_metrics")) add_logins(sections, detailed_prefix, *snapshot);
  add_cluster(sections, snapshot, groups);
  add_identity(sections, *snapshot, "detailed");
}

broker::CountDetail detail_of(const std::vector<std::string>& groups) {
  return {.queues = wants_any(groups, queue_columns()) ||
                    wants_any(groups, queue_delivery_columns()) ||
                    wants(groups, queue_published_column().group),
          .connections =
              wants_any(groups, channel_columns()) || wants_any(groups, connection_columns()),
          .exchanges = wants_any(groups, exchange_columns()) ||
                       wants_any(groups, cluster_exchange_columns())};
}

}  // namespace leveret::http::metrics
