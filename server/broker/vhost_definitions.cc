#include <algorithm>
#include <utility>

#include "base/random.h"
#include "broker/access.h"
#include "broker/channel.h"
#include "broker/connection.h"
#include "broker/exchange.h"
#include "broker/operations.h"
#include "broker/queue.h"
#include "broker/vhost.h"

namespace leveret::broker {
namespace {

using amqp::ReplyCode;

constexpr std::string_view reserved_prefix = "amq.";
/// Of a binding's arguments: itself, its key in the exchange, and what a headers exchange matches.
constexpr std::size_t binding_copies = 3;

[[noreturn]] void refuse_default_exchange() {
  throw amqp::Error{ReplyCode::access_refused, "operation not permitted on the default exchange"};
}

void check_new_name(std::string_view kind, std::string_view name) {
  if (name.size() > 255)  // a short string in every method that names it
    throw amqp::Error{
        ReplyCode::precondition_failed,
        std::string{kind} + " name of " + std::to_string(name.size()) + " bytes, 255 are allowed"};
  if (name.starts_with(reserved_prefix))
    throw amqp::Error{ReplyCode::access_refused, std::string{kind} + " name '" + std::string{name} +
                                                     "' contains reserved prefix 'amq.*'"};
}

/// The text that `arguments` have under that name; null when it is absent or no text.
const std::string* find_name(const amqp::Table& arguments, std::string_view name) {
  const amqp::Value* value = arguments.find(name);
  return value ? value->as_string() : nullptr;
}

std::string quoted(std::string_view name) {
  return "'" + std::string{name} + "'";
}

BindingRecord record_of(const Binding& binding) {
  return {.source = binding.source->name(),
          .destination = binding.queue ? binding.queue->name() : binding.exchange->name(),
          .to_exchange = binding.queue == nullptr,
          .routing_key = binding.routing_key,
          .arguments = binding.arguments};
}

IncomingBindings& incoming_of(const Binding& binding) {
  return binding.queue ? binding.queue->incoming : binding.exchange->incoming;
}

}  // namespace

Vhost::Vhost(std::string name, Journal& journal, MessageStore& transient_store,
             const Limits& limits)
    : name_(std::move(name)),
      journal_(journal),
      transient_store_(transient_store),
      limits_(limits),
      operations_(std::make_unique<Operations>(*this)) {
  counters_.message_bytes = Histogram{message_bytes_bounds};
  add_exchange({.name = "", .type = "direct", .durable = true, .arguments = {}});
  for (const std::string_view type : {"direct", "fanout", "topic", "headers"})
    add_exchange(
        {.name = "amq." + std::string{type}, .type = type, .durable = true, .arguments = {}});
  add_exchange({.name = "amq.match", .type = "headers", .durable = true, .arguments = {}});
}

Vhost::~Vhost() = default;

void Vhost::recover(const Recovered& recovered) {
  last_queue_id_ = recovered.last_queue_id;
  last_content_ = recovered.last_content;
  for (const PolicyRecord& each : recovered.policies) policies_.put(Policy{each});
  apply_policies();
  for (const ExchangeRecord& each : recovered.exchanges)
    add_exchange({.name = each.name,
                  .type = each.type,
                  .durable = true,
                  .auto_delete = each.auto_delete,
                  .internal = each.internal,
                  .arguments = each.arguments});
  for (const RecoveredQueue& each : recovered.queues) {
    last_queue_id_ = std::max(last_queue_id_, each.record.id.value);
    if (each.record.level_of) {
      find_queue(each.record.level_of)->recover(each, recovered.was_closed);
      continue;
    }
    const QueueSpec spec{.name = each.record.name,
                         .durable = true,
                         .auto_delete = each.record.auto_delete,
                         .arguments = each.record.arguments};
    add_queue(std::make_unique<Queue>(*this, each.record.id, spec, ConnectionId{}))
        .recover(each, recovered.was_closed);
  }
  for (const BindingRecord& each : recovered.bindings)
    add_binding({.source = each.source,
                 .destination = each.destination,
                 .to_exchange = each.to_exchange,
                 .routing_key = each.routing_key,
                 .arguments = each.arguments},
                ConnectionId{});
}

void Vhost::prepare_close() {
  requeueing_.finish();
  for_each_queue([](Queue& queue) { queue.record_delivered(); });
}

// Look-up.

Queue* Vhost::find_queue(QueueId id) const {
  const auto it = queues_by_id_.find(id);
  return it == queues_by_id_.end() ? nullptr : it->second;
}

Queue* Vhost::find_queue(std::string_view name) const {
  const auto it = queues_.find(name);
  if (it == queues_.end() || is_abandoned(*it->second)) return nullptr;
  return it->second.get();
}

Exchange* Vhost::find_exchange(std::string_view name) const {
  const auto it = exchanges_.find(name);
  return it == exchanges_.end() ? nullptr : it->second.get();
}

Queue& Vhost::queue(std::string_view name, ConnectionId owner) const {
  Queue* queue = find_queue(name);
  if (queue == nullptr)
    throw amqp::Error{ReplyCode::not_found,
                      "no queue " + quoted(name) + " in vhost " + quoted(name_)};
  // The management API may look at exclusive queues; other connections may not use them.
  if (queue->is_exclusive() && owner && queue->owner() != owner)
    throw amqp::Error{
        ReplyCode::resource_locked,
        "cannot obtain exclusive access to locked " + queue->describe() +
            ". It could be originally declared on another connection or the exclusive "
            "property value does not match that of the original declaration."};
  return *queue;
}

Exchange& Vhost::exchange(std::string_view name) const {
  if (Exchange* exchange = find_exchange(name)) return *exchange;
  throw amqp::Error{ReplyCode::not_found,
                    "no exchange " + quoted(name) + " in vhost " + quoted(name_)};
}

// Exchanges.

Exchange& Vhost::declare_exchange(const ExchangeSpec& spec, Permissions* permissions) {
  if (spec.name.empty()) refuse_default_exchange();
  check_exchange_type(spec.type);
  if (permissions) permissions->require_exchange(Right::configure, spec.name);
  if (Exchange* existing = find_exchange(spec.name)) {
    existing->assert_equivalent(spec, name_);
    return *existing;
  }
  check_new_name("exchange", spec.name);
  if (exchanges_.size() >= limits_.exchanges_max)
    refuse_more(Limit::exchanges, "declare exchange " + quoted(spec.name), "exchange",
                limits_.exchanges_max);
  check_arguments(spec.arguments, "declare exchange " + quoted(spec.name));
  if (const std::string* alternate = find_name(spec.arguments, "alternate-exchange");
      alternate && permissions) {
    permissions->require_exchange(Right::read, spec.name);
    permissions->require_exchange(Right::write, *alternate);
  }
  Exchange& exchange = add_exchange(spec);
  if (exchange.is_durable())
    record_definition().put_exchange({.name = exchange.name(),
                                      .type = exchange.type(),
                                      .auto_delete = exchange.is_auto_delete(),
                                      .internal = exchange.is_internal(),
                                      .arguments = exchange.arguments()});
  return exchange;
}

void Vhost::check_exchange(std::string_view name) const {
  if (name.empty()) refuse_default_exchange();
  exchange(name);
}

Exchange& Vhost::add_exchange(const ExchangeSpec& spec) {
  auto exchange = std::make_unique<Exchange>(spec);
  Exchange& added = *exchange;
  exchange_roster_.add(added);
  argument_bytes_ += added.arguments().memory_bytes();
  exchanges_.emplace(added.name(), std::move(exchange));
  apply_policies(added);
  return added;
}

void Vhost::delete_exchange(std::string_view name, bool if_unused, Permissions* permissions) {
  if (name.empty()) refuse_default_exchange();
  if (name.starts_with(reserved_prefix))
    throw amqp::Error{ReplyCode::access_refused, "deletion of system exchange " + quoted(name) +
                                                     " in vhost " + quoted(name_) + " not allowed"};
  if (permissions) permissions->require_exchange(Right::configure, name);
  Exchange* exchange = find_exchange(name);
  if (exchange == nullptr) return;
  if (if_unused && exchange->has_bindings())
    throw amqp::Error{ReplyCode::precondition_failed,
                      "exchange " + quoted(name) + " in vhost " + quoted(name_) + " in use"};
  remove_exchange(*exchange);
}

void Vhost::remove_exchange(Exchange& exchange) {
  if (exchange.is_durable()) record_definition().drop_exchange(exchange.name());
  while (exchange.has_bindings()) detach(exchange.first_binding());
  // One at a time: removing a binding may remove its source, and with it others.
  while (!exchange.incoming.empty()) remove_binding(*exchange.incoming.back());
  exchange_roster_.remove(exchange);
  argument_bytes_ -= exchange.arguments().memory_bytes();
  exchanges_.erase(exchanges_.find(std::string_view{exchange.name()}));
}

// Queues.

Queue& Vhost::declare_queue(const QueueSpec& spec, ConnectionId owner, Permissions* permissions) {
  QueueSpec named = with_default_type(spec);
  const std::string made = spec.name.empty() ? random_name("amq.gen-") : std::string{};
  if (spec.name.empty()) named.name = made;
  if (permissions) permissions->require_queue(Right::configure, named.name);
  if (Queue* existing = find_queue(named.name)) {
    existing->assert_equivalent(named, owner);
    ++churn().queues_declared;
    return *existing;
  }
  check_new_name("queue", spec.name);
  if (const auto abandoned = queues_.find(named.name); abandoned != queues_.end())
    remove_queue(*abandoned->second);
  check_queue_limit(named.name);
  check_arguments(named.arguments, "declare queue " + quoted(named.name));
  if (const std::string* target = find_name(named.arguments, "x-dead-letter-exchange");
      target && permissions) {
    permissions->require_queue(Right::read, named.name);
    permissions->require_exchange(Right::write, *target);
  }
  auto declared = std::make_unique<Queue>(*this, next_queue_id(), named, owner);
  check_queue_flags(declared->parsed(), named, declared->describe());
  Queue& queue = add_queue(std::move(declared));
  ++churn().queues_declared;
  ++churn().queues_created;
  if (queue.is_exclusive())
    if (Connection* connection = find_connection(owner))
      connection->exclusive_queues.push_back(queue.id());
  if (queue.is_durable())
    record_definition().put_queue({.id = queue.id(),
                                   .name = queue.name(),
                                   .auto_delete = queue.is_auto_delete(),
                                   .arguments = queue.arguments()});
  return queue;
}

/// Only for queues that any type can be (rabbit_amqqueue.erl, augment_declare_args).
QueueSpec Vhost::with_default_type(const QueueSpec& spec) const {
  QueueSpec typed = spec;
  const bool is_open = spec.durable && !spec.exclusive && !spec.auto_delete &&
                       spec.arguments.find("x-queue-type") == nullptr;
  if (is_open && !settings_.default_queue_type.empty())
    typed.arguments.set("x-queue-type", settings_.default_queue_type);
  return typed;
}

/// rabbit_channel.erl, check_vhost_queue_limit
void Vhost::check_queue_limit(std::string_view name) const {
  if (settings_.queues_max && queues_.size() >= *settings_.queues_max)
    refuse_more(Limit::vhost_queues, "declare queue " + quoted(name), "queue",
                *settings_.queues_max);
  if (queues_.size() >= limits_.queues_max)
    refuse_more(Limit::queues, "declare queue " + quoted(name), "queue", limits_.queues_max);
}

bool Vhost::has_room_for(const amqp::Table& arguments, std::size_t copies) const {
  return arguments.is_empty() ||
         argument_bytes_ + copies * arguments.memory_bytes() <= limits_.argument_bytes_max;
}

void Vhost::check_arguments(const amqp::Table& arguments, const std::string& what,
                            std::size_t copies) const {
  if (!has_room_for(arguments, copies))
    refuse_more(Limit::argument_bytes, what, "argument bytes", limits_.argument_bytes_max);
}

/// With the words that RabbitMQ has for queues (rabbit_amqqueue.erl, check_vhost_queue_limit).
void Vhost::refuse_more(Limit limit, const std::string& what, std::string_view kind,
                        std::size_t most) const {
  limits_reached.add(limit);
  throw amqp::Error{ReplyCode::precondition_failed, "cannot " + what + ": " + std::string{kind} +
                                                        " limit in vhost " + quoted(name_) + " (" +
                                                        std::to_string(most) + ") is reached"};
}

Queue& Vhost::add_queue(std::unique_ptr<Queue> queue) {
  Queue& added = *queue;
  queues_by_id_.emplace(added.id(), &added);
  queue_roster_.add(added);
  argument_bytes_ += added.arguments().memory_bytes();
  queues_.emplace(added.name(), std::move(queue));
  apply_policies(added);
  return added;
}

std::uint64_t Vhost::delete_queue(std::string_view name, bool if_unused, bool if_empty,
                                  ConnectionId owner, Permissions* permissions) {
  if (permissions) permissions->require_queue(Right::configure, name);
  if (find_queue(name) == nullptr) return 0;  // idempotent, unlike in 0-9-1's text
  Queue& doomed = queue(name, owner);
  if (if_unused && !doomed.consumers().empty())
    throw amqp::Error{ReplyCode::precondition_failed, doomed.describe() + " in use"};
  if (if_empty && doomed.has_ready())
    throw amqp::Error{ReplyCode::precondition_failed, doomed.describe() + " not empty"};
  const std::uint64_t count = doomed.ready().count();
  remove_queue(doomed);
  return count;
}

void Vhost::remove_queue(Queue& queue) {
  ++churn().queues_deleted;
  for (Consumer* consumer : std::vector<Consumer*>{queue.consumers()}) {
    Channel* channel = consumer->channel;
    queue.remove_consumer(*consumer);
    channel->cancel_from_server(*consumer);
  }
  if (queue.unacked_count() > 0) {
    for_each_connection([&](const Connection& connection) {
      connection.for_each_channel([&](Channel& channel) { channel.forget_queue(queue); });
    });
    requeueing_.forget_queue(queue);
  }
  if (queue.is_durable()) {
    for (const auto& level : queue.ready())
      if (level->id != queue.id()) record().drop_queue(level->id, {});
    record_definition().drop_queue(queue.id(), queue.name());
  }
  for (const auto& level : queue.ready())
    if (level->is_in_transient_store) record_transient().drop_queue(level->id, {});
  while (!queue.incoming.empty()) remove_binding(*queue.incoming.back());
  // Whoever waits for a block of it must not wait for ever.
  auto waiters = queue.take_load_waiters();
  queues_by_id_.erase(queue.id());
  queue_roster_.remove(queue);
  argument_bytes_ -= queue.arguments().memory_bytes();
  queues_.erase(queues_.find(std::string_view{queue.name()}));
  for (auto& waiter : waiters) waiter();
}

bool Vhost::is_abandoned(const Queue& queue) const {
  if (!queue.is_exclusive()) return false;
  const Connection* owner = find_connection(queue.owner());
  return owner == nullptr || owner->is_ended();
}

void Vhost::delete_exclusive_queues(Connection& owner) {
  std::ranges::copy(std::exchange(owner.exclusive_queues, {}),
                    std::back_inserter(abandoned_queues_));
  remove_some_abandoned();
}

void Vhost::remove_some_abandoned() {
  constexpr std::size_t budget = 4096;  // some tenths of a millisecond
  constexpr std::size_t cost_of_queue = 32;
  for (std::size_t cost = 0; cost < budget && !abandoned_queues_.empty();) {
    Queue* queue = find_queue(abandoned_queues_.back());
    abandoned_queues_.pop_back();
    if (queue == nullptr) continue;
    cost += cost_of_queue + queue->ready().in_memory();
    remove_queue(*queue);
  }
}

// Bindings.

/// rabbit_channel.erl, binding_action: the default exchange is refused between the two rights.
void Vhost::check_binding(const BindingSpec& spec, Permissions& permissions) const {
  if (spec.to_exchange)
    permissions.require_exchange(Right::write, spec.destination);
  else
    permissions.require_queue(Right::write, spec.destination);
  if (spec.source.empty() || (spec.to_exchange && spec.destination.empty()))
    refuse_default_exchange();
  permissions.require_exchange(Right::read, spec.source);
  if (const Exchange* source = find_exchange(spec.source))
    permissions.require_topic(Right::read, *source, spec.routing_key);
}

void Vhost::bind(const BindingSpec& spec, ConnectionId owner, Permissions* permissions) {
  if (permissions) check_binding(spec, *permissions);
  if (!has_room_for(spec.arguments, binding_copies) || binding_count_ >= limits_.bindings_max)
    check_new_binding(spec, owner);
  const Binding* binding = add_binding(spec, owner);
  if (binding && binding->is_durable) record_definition().put_binding(record_of(*binding));
}

/// When one of the limits is reached: one that is there already may be made again.
void Vhost::check_new_binding(const BindingSpec& spec, ConnectionId owner) const {
  if (has_binding(spec, owner)) return;
  const std::string what = "bind to exchange " + quoted(spec.source);
  if (binding_count_ >= limits_.bindings_max)
    refuse_more(Limit::bindings, what, "binding", limits_.bindings_max);
  check_arguments(spec.arguments, what, binding_copies);
}

Binding Vhost::resolve(const BindingSpec& spec, ConnectionId owner) const {
  if (spec.source.empty() || (spec.to_exchange && spec.destination.empty()))
    refuse_default_exchange();
  Binding binding;
  binding.source = &exchange(spec.source);
  if (spec.to_exchange)
    binding.exchange = &exchange(spec.destination);
  else
    binding.queue = &queue(spec.destination, owner);
  binding.routing_key = spec.routing_key;
  binding.arguments = spec.arguments;
  const bool to_durable =
      binding.queue ? binding.queue->is_durable() : binding.exchange->is_durable();
  binding.is_durable = to_durable && binding.source->is_durable();
  return binding;
}

bool Vhost::has_binding(const BindingSpec& spec, ConnectionId owner) const {
  const Binding like = resolve(spec, owner);
  return like.source->find(like) != nullptr;
}

/// Returns null when there was the same one already.
const Binding* Vhost::add_binding(const BindingSpec& spec, ConnectionId owner) {
  Binding binding = resolve(spec, owner);
  Exchange& source = *binding.source;
  const Binding* added = source.bind(std::move(binding));
  if (added == nullptr) return nullptr;
  incoming_of(*added).add(added);
  ++binding_count_;
  argument_bytes_ += binding_copies * added->arguments.memory_bytes();
  return added;
}

void Vhost::unbind(const BindingSpec& spec, ConnectionId owner, Permissions* permissions) {
  if (permissions) check_binding(spec, *permissions);
  if (spec.source.empty()) refuse_default_exchange();
  const bool is_gone = find_exchange(spec.source) == nullptr ||
                       (spec.to_exchange ? find_exchange(spec.destination) == nullptr
                                         : find_queue(spec.destination) == nullptr);
  if (is_gone) return;
  const Binding like = resolve(spec, owner);
  if (const Binding* binding = like.source->find(like)) {
    if (binding->is_durable) record_definition().drop_binding(record_of(*binding));
    remove_binding(*binding);
  }
}

/// Takes it out of the lists of both its ends.
void Vhost::detach(const Binding& binding) {
  --binding_count_;
  argument_bytes_ -= binding_copies * binding.arguments.memory_bytes();
  incoming_of(binding).remove(binding);
  binding.source->unbind(binding);
}

/// An auto-delete exchange goes with its last binding as a source.
void Vhost::remove_binding(const Binding& binding) {
  Exchange& source = *binding.source;
  detach(binding);
  if (source.is_auto_delete() && !source.has_bindings()) remove_exchange(source);
}

// For the management API.

std::uint64_t Vhost::purge(std::string_view name) {
  return queue(name, ConnectionId{}).purge();
}

OperationView Vhost::start_operation(OperationRequest request) {
  return operations_->start(std::move(request));
}
std::vector<OperationView> Vhost::operations() const {
  return operations_->views();
}
std::optional<OperationView> Vhost::operation(OperationId id) const {
  return operations_->view(id);
}
bool Vhost::cancel_operation(OperationId id) {
  return operations_->cancel(id);
}

}  // namespace leveret::broker
