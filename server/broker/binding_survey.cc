#include "broker/binding_survey.h"

#include <algorithm>
#include <type_traits>
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

template <class T>
void narrow_to(const T* object, RosterPlace& place, RosterPlace& end) {
  end = object ? object->roster_serial : 0;
  place = object ? end - 1 : 0;
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
      queues_end_(vhost.all_queues().end()),
      exchanges_end_(vhost.all_exchanges().end()) {
  narrow(vhost);
}

/// Leaves those destinations to be walked over that may have what is meant.
void BindingSurvey::narrow(const Vhost& vhost) {
  if (filter_.destination) {
    narrow_to(vhost.find_queue(std::string_view{*filter_.destination}), queue_, queues_end_);
    narrow_to(vhost.find_exchange(*filter_.destination), exchange_, exchanges_end_);
  }
  if (filter_.to_exchange.value_or(false)) queue_ = queues_end_;
  if (!filter_.to_exchange.value_or(true)) exchange_ = exchanges_end_;
  if (!filter_.source || filter_.source->empty()) return;
  const Exchange* source = vhost.find_exchange(*filter_.source);
  if (source && source->binding_count() > source_bindings_at_once) return;
  queue_ = queues_end_;
  exchange_ = exchanges_end_;
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
  if (!are_queues_done_) {
    walk(vhost.all_queues(), queue_, queues_end_, count);
    if (left_ || queue_ < queues_end_) return true;
    are_queues_done_ = true;
  }
  walk(vhost.all_exchanges(), exchange_, exchanges_end_, count);
  return left_ || exchange_ < exchanges_end_;
}

template <class T>
void BindingSurvey::walk(const Roster<T>& roster, RosterPlace& place, RosterPlace end,
                         std::size_t& count) {
  while (count > 0) {
    if (!left_) {
      const T* destination = roster.next(place, end);
      if (destination == nullptr) return;
      --count;
      begin(*destination);
      continue;
    }
    const T* destination = roster.find(place);
    std::size_t left = destination ? std::min(*left_, destination->incoming.size()) : 0;
    for (; left > 0 && count > 0; --count)
      if (const Binding& binding = *destination->incoming[--left];
          wants_source(binding.source->name()))
        add(binding);
    left_ = left > 0 ? std::optional{left} : std::nullopt;
  }
}

template <class T>
void BindingSurvey::begin(const T& destination) {
  if constexpr (std::is_same_v<T, Queue>) {
    static const amqp::Table none;
    const std::string& name = destination.name();
    if (wants_source("")) add({"", name, name, "", false}, none);
  }
  const bool is_default_only = filter_.source && filter_.source->empty();
  if (!is_default_only && !destination.incoming.empty()) left_ = destination.incoming.size();
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
