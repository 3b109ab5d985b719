#pragma once

#include <boost/asio/awaitable.hpp>
#include <memory>
#include <string>
#include <vector>

#include "auth/attempts.h"
#include "broker/counts.h"
#include "http/machine.h"
#include "http/metrics/loop_lag.h"
#include "http/resources.h"

namespace leveret::http {

struct Context;

namespace metrics {

/// All numbers that one scrape tells.
struct Snapshot {
  MachineView node;
  ResourceMarks marks;
  std::string node_name;
  std::string cluster_name;
  std::string version;
  double uptime_seconds = 0;
  std::size_t http_connections = 0;
  std::size_t event_streams = 0;
  /// By protocol.
  std::vector<std::pair<std::string, auth::Attempts::Counts>> login_attempts;
  /// By the name of the loop.
  std::vector<std::pair<std::string, Histogram>> loop_lags;
  std::vector<broker::VhostCounts> vhosts;
  /// Of all virtual hosts; the counters are also those of virtual hosts that have been deleted.
  broker::VhostCounts sum;
};
using SnapshotPtr = std::shared_ptr<const Snapshot>;

/// Asks each core in many short turns, so that no message waits for a scrape. With `vhosts`, the
/// objects' own numbers are those of these virtual hosts only, where they exist.
boost::asio::awaitable<SnapshotPtr> take_snapshot(std::shared_ptr<Context> context,
                                                  broker::CountDetail detail,
                                                  std::vector<std::string> vhosts);

}  // namespace metrics
}  // namespace leveret::http
