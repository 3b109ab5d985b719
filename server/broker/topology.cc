#include "broker/topology.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "broker/binding_survey.h"
#include "broker/binding_walk.h"
#include "broker/exchange.h"
#include "broker/queue.h"
#include "broker/vhost.h"

namespace leveret::broker {
struct TopologySurvey::State {
  explicit State(const Vhost& vhost)
      : to_exchanges(0, vhost.all_exchanges().end()), to_queues(0, vhost.all_queues().end()) {
    for (const PolicyKind kind : {PolicyKind::policy, PolicyKind::operator_policy})
      for (PolicyRecord& each : vhost.policies().records(kind))
        topology.policies.push_back(std::move(each));
  }

  /// Whether its bindings are wanted.
  bool look_at(const Queue& queue) {
    if (queue.is_exclusive()) {
      topology.exclusive_queues.push_back(queue.name());
      return false;
    }
    topology.queues.push_back({.name = queue.name(),
                               .durable = queue.is_durable(),
                               .auto_delete = queue.is_auto_delete(),
                               .arguments = queue.arguments()});
    return true;
  }

  bool look_at(const Exchange& exchange) {
    if (exchange.is_default() || exchange.name().starts_with("amq.")) return true;
    topology.exchanges.push_back({.name = exchange.name(),
                                  .type = exchange.type(),
                                  .durable = exchange.is_durable(),
                                  .auto_delete = exchange.is_auto_delete(),
                                  .internal = exchange.is_internal(),
                                  .arguments = exchange.arguments()});
    return true;
  }

  void add(const Binding& binding) {
    topology.bindings.push_back(
        {.source = binding.source->name(),
         .destination = binding.queue ? binding.queue->name() : binding.exchange->name(),
         .to_exchange = binding.queue == nullptr,
         .routing_key = binding.routing_key,
         .arguments = binding.arguments});
  }

  BindingWalk to_exchanges;
  BindingWalk to_queues;
  bool are_exchanges_done = false;
  Topology topology;
};

TopologySurvey::TopologySurvey(const Vhost& vhost) : state_(std::make_unique<State>(vhost)) {}
TopologySurvey::~TopologySurvey() = default;
TopologySurvey::TopologySurvey(TopologySurvey&&) noexcept = default;

bool TopologySurvey::look(const Vhost& vhost, std::size_t count) {
  State& state = *state_;
  const auto begin = [&](const auto& destination) { return state.look_at(destination); };
  const auto each = [&](const auto&, const Binding& binding) { state.add(binding); };
  if (!state.are_exchanges_done &&
      state.to_exchanges.go_on(vhost.all_exchanges(), count, begin, each))
    return true;
  state.are_exchanges_done = true;
  return state.to_queues.go_on(vhost.all_queues(), count, begin, each);
}

namespace {

/// One that has been met twice is there once.
std::vector<BindingRecord> in_order(std::vector<BindingRecord> records) {
  struct Row {
    BindingRecord record;
    std::string arguments_key;
  };
  std::vector<Row> rows;
  rows.reserve(records.size());
  for (BindingRecord& record : records) {
    std::string of_arguments = arguments_key(record.arguments);
    rows.push_back({std::move(record), std::move(of_arguments)});
  }
  const auto key = [](const Row& row) {
    const BindingRecord& record = row.record;
    return std::tie(record.source, record.to_exchange, record.destination, record.routing_key,
                    row.arguments_key);
  };
  std::ranges::sort(rows, [&](const Row& a, const Row& b) { return key(a) < key(b); });
  records.clear();
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const bool is_last = i + 1 == rows.size() || key(rows[i]) != key(rows[i + 1]);
    if (is_last) records.push_back(std::move(rows[i].record));
  }
  return records;
}

}  // namespace

Topology TopologySurvey::take() {
  Topology topology = std::move(state_->topology);
  std::ranges::sort(topology.exchanges, {}, &ExchangeDefinition::name);
  std::ranges::sort(topology.queues, {}, &QueueDefinition::name);
  topology.bindings = in_order(std::move(topology.bindings));
  return topology;
}

}  // namespace leveret::broker
