#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "auth/user.h"
#include "broker/core.h"
#include "broker/parameters.h"
#include "broker/topology.h"
#include "http/server.h"

namespace leveret::http {

/// What the broker has now, as far as definitions describe it.
struct Snapshot {
  std::vector<auth::User> users;
  std::vector<auth::Permission> permissions;
  std::vector<auth::TopicPermission> topic_permissions;
  std::vector<broker::Parameter> parameters;
  std::map<std::string, broker::VhostInfo> vhosts;
  /// Of the virtual hosts that were asked for.
  std::map<std::string, broker::Topology> topologies;
};

/// Blocks until the cores have answered, a few queues a turn. `wants` says whose topology is taken.
/// Throws as await() does.
Snapshot take_snapshot(const Directories& directories,
                       const std::function<bool(const std::string& vhost)>& wants,
                       const std::atomic<bool>& is_stopping);

}  // namespace leveret::http
