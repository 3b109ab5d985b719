#pragma once

#include "http/metrics/sections.h"
#include "http/metrics/snapshot.h"

namespace leveret::http::metrics {

/// What only Leveret has, named "leveret_...", and what every Prometheus client tells of its
/// process.
void add_own(Sections& sections, const Snapshot& snapshot);
/// The part of it that is by virtual host and queue.
void add_own_per_object(Sections& sections, const SnapshotPtr& snapshot);

}  // namespace leveret::http::metrics
