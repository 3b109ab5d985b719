#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "amqp/table.h"
#include "sim/model.h"
#include "sim/server.h"

namespace leveret::sim {

/// What stays the same for a whole run, made from one number: the queues and what they were
/// declared with, the broker's limits and its store's.
struct Setup {
  explicit Setup(std::uint64_t number);

  struct Queue {
    QueueRules rules;
    amqp::Table arguments;
  };
  std::vector<Queue> queues;
  /// A queue that nobody consumes from: when a message in it is confirmed, all before is on disk.
  int sink = 0;
  /// The one that is purged, deleted, and consumed without acknowledgements.
  int wild = 0;
  /// What clients publish to: the queues that are no dead-letter queues, and two more routes.
  int direct_routes = 0;
  int fanout_route() const { return direct_routes; }
  int no_route() const { return direct_routes + 1; }
  int sink_route() const { return direct_routes + 2; }
  std::vector<int> fanout;
  Server::Options server;

  std::vector<QueueRules> rules() const;
  std::vector<int> targets(int route) const;
  std::string exchange(int route) const { return route == fanout_route() ? "fan" : ""; }
  std::string routing_key(int route) const;

 private:
  Queue& add(const std::string& name, bool durable);
  void vary(std::size_t queue, std::uint32_t kind);
};

}  // namespace leveret::sim
