#include "broker/binding_survey.h"

#include <utility>

#include "amqp/wire.h"
#include "broker/exchange.h"
#include "broker/queue.h"
#include "broker/vhost.h"

namespace leveret::broker {
namespace {

/// A source with no more bindings than this is looked at by itself, in one turn; the bindings of a
/// larger one are found at their destinations.
constexpr std::size_t source_bindings_at_once = 500;

/// Over the one object, or none.
template <class T>
BindingWalk walk_of(const T* object) {
  return object ? BindingWalk{object->roster_serial - 1, object->roster_serial} : BindingWalk{};
}

}  // namespace

std::string arguments_key(const amqp::Table& arguments) {
  if (arguments.is_empty()) return {};
  std::string bytes;
  amqp::Writer writer{bytes};
  amqp::write_table(writer, arguments);
  // FNV-1a, 64 bits.
  std::uint64_t hash = 14695981039346656037U;
  for (const char c : bytes) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211U;
  static constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  for (unsigned shift = 64; shift > 0; shift -= 4) text += digits[(hash >> (shift - 4)) & 15U];
  return text;
}

BindingSurvey::BindingSurvey(const Vhost& vhost, BindingFilter filter, SurveySearch search)
    : filter_(std::move(filter)),
      search_(std::move(search)),
      window_(search_.limit, search_.from_end),
      to_queues_(0, vhost.all_queues().end()),
      to_exchanges_(0, vhost.all_exchanges().end()) {
  narrow(vhost);
}

/// Leaves those destinations to be walked over that may have what is meant.
void BindingSurvey::narrow(const Vhost& vhost) {
  if (filter_.destination) {
    to_queues_ = walk_of(vhost.find_queue(std::string_view{*filter_.destination}));
    to_exchanges_ = walk_of(vhost.find_exchange(*filter_.destination));
  }
  if (filter_.to_exchange.value_or(false)) to_queues_ = {};
  if (!filter_.to_exchange.value_or(true)) to_exchanges_ = {};
  if (!filter_.source || filter_.source->empty()) return;
  const Exchange* source = vhost.find_exchange(*filter_.source);
  if (source && source->binding_count() > source_bindings_at_once) return;
  to_queues_ = {};
  to_exchanges_ = {};
  if (source)
    source->for_each_binding([this](const Binding& binding) {
      const std::string& to = binding.queue ? binding.queue->name() : binding.exchange->name();
      if (filter_.destination.value_or(to) == to &&
          filter_.to_exchange.value_or(!binding.queue) == !binding.queue)
        add(binding);
    });
}

bool BindingSurvey::wants_source(std::string_view source) const {
  return !filter_.source || *filter_.source == source;
}

bool BindingSurvey::look(const Vhost& vhost, std::size_t count) {
  const bool is_default_only = filter_.source && filter_.source->empty();
  const auto each = [this](const auto&, const Binding& binding) {
    if (wants_source(binding.source->name())) add(binding);
  };
  const auto begin_queue = [&](const Queue& queue) {
    begin(queue);
    return !is_default_only;
  };
  if (!are_queues_done_ && to_queues_.go_on(vhost.all_queues(), count, begin_queue, each))
    return true;
  are_queues_done_ = true;
  const auto begin_exchange = [&](const Exchange&) { return !is_default_only; };
  return to_exchanges_.go_on(vhost.all_exchanges(), count, begin_exchange, each);
}

/// With the binding to the default exchange, which is nowhere written down.
void BindingSurvey::begin(const Queue& queue) {
  static const amqp::Table none;
  if (wants_source("")) add({"", queue.name(), queue.name(), "", false}, none);
}

void BindingSurvey::add(const Binding& binding) {
  const std::string key = arguments_key(binding.arguments);
  const std::string& to = binding.queue ? binding.queue->name() : binding.exchange->name();
  add({binding.source->name(), to, binding.routing_key, key, binding.queue == nullptr},
      binding.arguments);
}

void BindingSurvey::add(const BindingKey& key, const amqp::Table& arguments) {
  ++total_;
  if (!search_.finds("")) return;
  ++matched_;
  const auto make = [&]() -> BindingView {
    const auto& [source, destination, routing_key, of_arguments, to_exchange] = key;
    return {.source = std::string{source},
            .destination = std::string{destination},
            .to_exchange = to_exchange,
            .routing_key = std::string{routing_key},
            .arguments = arguments,
            .arguments_key = std::string{of_arguments}};
  };
  window_.offer(key, make);
}

}  // namespace leveret::broker
