#pragma once

#include <string>
#include <vector>

#include "http/metrics/sections.h"
#include "http/metrics/snapshot.h"

/// RabbitMQ's three answers, with its names (rabbit_prometheus_handler.erl).
namespace leveret::http::metrics {

/// GET /metrics: everything added up.
void add_aggregated(Sections& sections, const SnapshotPtr& snapshot);
/// GET /metrics/per-object: the same with each object's own numbers.
void add_per_object(Sections& sections, const SnapshotPtr& snapshot);
/// GET /metrics/detailed: the `family`s that are asked for, named "rabbitmq_detailed_...".
void add_detailed(Sections& sections, const SnapshotPtr& snapshot,
                  const std::vector<std::string>& groups);
/// The objects that such an answer needs.
broker::CountDetail detail_of(const std::vector<std::string>& groups);

}  // namespace leveret::http::metrics
