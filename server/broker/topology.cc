#include "broker/topology.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "broker/binding.h"
#include "broker/exchange.h"
#include "broker/queue.h"
#include "broker/vhost.h"

namespace leveret::broker {
namespace {

void add_bindings(std::vector<BindingRecord>& bindings, const IncomingBindings& incoming,
                  const std::string& destination, bool to_exchange) {
  for (const Binding* binding : incoming)
    bindings.push_back({.source = binding->source->name(),
                        .destination = destination,
                        .to_exchange = to_exchange,
                        .routing_key = binding->routing_key,
                        .arguments = binding->arguments});
}

}  // namespace

struct TopologySurvey::State {
  explicit State(const Vhost& vhost) {
    for (const PolicyKind kind : {PolicyKind::policy, PolicyKind::operator_policy})
      for (PolicyRecord& each : vhost.policies().records(kind))
        topology.policies.push_back(std::move(each));
    vhost.for_each_exchange([&](const Exchange& each) { exchanges.push_back(each.name()); });
    vhost.for_each_queue([&](const Queue& each) { queues.push_back(each.id()); });
  }

  void look_at(const Queue& queue) {
    if (queue.is_exclusive()) return topology.exclusive_queues.push_back(queue.name());
    topology.queues.push_back({.name = queue.name(),
                               .durable = queue.is_durable(),
                               .auto_delete = queue.is_auto_delete(),
                               .arguments = queue.arguments()});
    add_bindings(topology.bindings, queue.incoming, queue.name(), false);
  }

  void look_at(const Exchange& exchange) {
    add_bindings(topology.bindings, exchange.incoming, exchange.name(), true);
    if (exchange.is_default() || exchange.name().starts_with("amq.")) return;
    topology.exchanges.push_back({.name = exchange.name(),
                                  .type = exchange.type(),
                                  .durable = exchange.is_durable(),
                                  .auto_delete = exchange.is_auto_delete(),
                                  .internal = exchange.is_internal(),
                                  .arguments = exchange.arguments()});
  }

  std::vector<std::string> exchanges;
  std::vector<QueueId> queues;
  Topology topology;
};

TopologySurvey::TopologySurvey(const Vhost& vhost) : state_(std::make_unique<State>(vhost)) {}
TopologySurvey::~TopologySurvey() = default;
TopologySurvey::TopologySurvey(TopologySurvey&&) noexcept = default;

bool TopologySurvey::look(const Vhost& vhost, std::size_t count) {
  for (; count > 0 && !state_->exchanges.empty(); --count) {
    if (const Exchange* exchange = vhost.find_exchange(state_->exchanges.back()))
      state_->look_at(*exchange);
    state_->exchanges.pop_back();
  }
  for (; count > 0 && !state_->queues.empty(); --count) {
    if (const Queue* queue = vhost.find_queue(state_->queues.back())) state_->look_at(*queue);
    state_->queues.pop_back();
  }
  return !state_->exchanges.empty() || !state_->queues.empty();
}

Topology TopologySurvey::take() {
  Topology topology = std::move(state_->topology);
  std::ranges::sort(topology.exchanges, {}, &ExchangeDefinition::name);
  std::ranges::sort(topology.queues, {}, &QueueDefinition::name);
  const auto key = [](const BindingRecord& each) {
    return std::tie(each.source, each.to_exchange, each.destination, each.routing_key);
  };
  std::ranges::sort(topology.bindings, [&](const BindingRecord& a, const BindingRecord& b) {
    return key(a) < key(b);
  });
  return topology;
}

}  // namespace leveret::broker
