#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "amqp/table.h"
#include "broker/journal.h"

/// What a virtual host is made of, as definitions describe it: plain copies.
namespace leveret::broker {

class Vhost;

struct ExchangeDefinition {
  std::string name;
  std::string type;
  bool durable = false;
  bool auto_delete = false;
  bool internal = false;
  amqp::Table arguments;
};

struct QueueDefinition {
  std::string name;
  bool durable = false;
  bool auto_delete = false;
  amqp::Table arguments;
};

struct Topology {
  std::vector<PolicyRecord> policies;
  std::vector<ExchangeDefinition> exchanges;
  std::vector<QueueDefinition> queues;
  std::vector<BindingRecord> bindings;
  /// Their names only: they belong to connections.
  std::vector<std::string> exclusive_queues;
};

/// Copies the topology of a virtual host a few queues, exchanges and bindings at a time, so that
/// with many of them no turn takes long: begun in one turn, continued in later ones. Left out are
/// what AMQP itself declares (the default exchange with its bindings, exchanges named amq.*), and
/// what is deleted or made meanwhile, perhaps.
class TopologySurvey {
 public:
  explicit TopologySurvey(const Vhost& vhost);
  ~TopologySurvey();
  TopologySurvey(TopologySurvey&&) noexcept;

  /// Looks at up to `count` more; returns whether there are more.
  bool look(const Vhost& vhost, std::size_t count);
  /// What has been seen, sorted by name.
  Topology take();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace leveret::broker
