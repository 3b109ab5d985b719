#pragma once

#include <functional>
#include <string_view>

#include "http/metrics/sections.h"
#include "http/metrics/snapshot.h"

/// RabbitMQ's metrics of the node as a whole: what it is, what the system gives it, and the global
/// counters (prometheus_rabbitmq_core_metrics_collector.erl, rabbit_global_counters.erl,
/// prometheus_rabbitmq_alarm_metrics_collector.erl).
namespace leveret::http::metrics {

/// rabbitmq_build_info and rabbitmq_identity_info, which dashboards join everything with;
/// `endpoint` as RabbitMQ 4 names the three.
void add_identity(Sections& sections, const Snapshot& snapshot, std::string_view endpoint);
/// Files, memory, disk and input and output, of the groups that `is_wanted`.
void add_node(Sections& sections, std::string_view prefix, const Snapshot& snapshot,
              const std::function<bool(std::string_view group)>& is_wanted);
/// rabbitmq_global_..., by protocol and type of queue.
void add_global(Sections& sections, const broker::VhostCounts& sum);
void add_alarms(Sections& sections, const Snapshot& snapshot);

}  // namespace leveret::http::metrics
