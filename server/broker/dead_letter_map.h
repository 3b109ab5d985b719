#pragma once

#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/ids.h"

namespace leveret::broker {

class Exchange;
class Queue;
class Vhost;

/// Where queues' dead letters go, by the dead-letter exchanges and bindings of now: queues are
/// added one by one, in turns of the core. Costs as much as there are different pairs of
/// dead-letter exchange and key, which many queues tend to share.
class DeadLetterMap {
 public:
  void add(const Vhost& vhost, const Queue& queue);
  /// Names, sorted; of more than 100 some.
  std::vector<std::string> targets(const Queue& queue) const;
  /// Names of those added that dead-letter to `queue`, sorted.
  std::vector<std::string> sources(const Queue& queue) const;
  bool has_sources(const Queue& queue) const { return !groups_to(queue).empty(); }

 private:
  /// Queues with the same dead-letter exchange and key.
  struct Group {
    std::vector<std::string> sources;
    std::vector<std::string> targets;
  };

  void resolve(const Vhost& vhost, const Exchange& exchange, const std::optional<std::string>& key,
               Group& group);
  void add_target(Group& group, const Queue& queue);
  std::vector<const Group*> groups_to(const Queue& queue) const;

  std::map<std::pair<std::string, std::optional<std::string>>, Group> groups_;
  /// Those with a key, by where it leads.
  std::unordered_map<QueueId, std::vector<const Group*>> with_key_;
  /// Those whose messages keep their own keys, by exchange: any of its bindings may be theirs.
  std::unordered_map<const Exchange*, const Group*> without_key_;
};

}  // namespace leveret::broker
