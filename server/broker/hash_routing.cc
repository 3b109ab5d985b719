#include "broker/hash_routing.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string_view>

#include "amqp/properties.h"
#include "amqp/reply_code.h"
#include "broker/exchange.h"
#include "broker/queue.h"

namespace leveret::broker {
namespace {

[[noreturn]] void refuse(const std::string& text) {
  throw amqp::Error{amqp::ReplyCode::precondition_failed, text};
}

/// The finalizer of splitmix64: every bit of the input stirs every bit of the output.
std::uint64_t mix(std::uint64_t x) {
  x ^= x >> 30U;
  x *= 0xbf58476d1ce4e5b9U;
  x ^= x >> 27U;
  x *= 0x94d049bb133111ebU;
  return x ^ (x >> 31U);
}

/// FNV-1a. Not std::hash: jobs must find their queue again after a restart on another build.
std::uint64_t hash(std::string_view text, std::uint64_t seed = 0xcbf29ce484222325U) {
  for (const char c : text) seed = (seed ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
  return mix(seed);
}

std::uint64_t identity_of(const Binding& binding) {
  const std::string& name = binding.queue ? binding.queue->name() : binding.exchange->name();
  return hash(binding.routing_key, hash(name, binding.queue ? 1 : 2));
}

/// A weight as Erlang's list_to_integer reads it: digits, with a sign or without.
double weight_of(std::string_view key) {
  const bool has_sign = key.starts_with('-') || key.starts_with('+');
  const std::string_view digits = key.substr(has_sign ? 1 : 0);
  if (digits.empty() || digits.find_first_not_of("0123456789") != std::string_view::npos)
    refuse("The binding key must be an integer: " +
           (key.empty() ? "<<>>" : "<<\"" + std::string{key} + "\">>"));
  double weight = 0;
  for (const char digit : digits) weight = weight * 10 + (digit - '0');
  if (weight == 0 || key.starts_with('-')) refuse("The binding key must be greater than 0");
  return weight;
}

const std::string* text_argument(const amqp::Table& arguments, std::string_view name) {
  const amqp::Value* value = arguments.find(name);
  if (value == nullptr) return nullptr;
  if (value->as_string() == nullptr)
    refuse("invalid arg '" + std::string{name} + "': it must be a longstr, not " +
           std::string{amqp::type_name(*value)});
  return value->as_string();
}

}  // namespace

HashIndex::HashIndex(Weights weights, const amqp::Table& exchange_arguments) : weights_(weights) {
  if (weights == Weights::equal) return;
  const std::string* header = text_argument(exchange_arguments, "hash-header");
  const std::string* property = text_argument(exchange_arguments, "hash-property");
  if (header && property) refuse("hash-header and hash-property are mutually exclusive");
  if (header) {
    source_ = Source::header;
    header_ = *header;
  }
  if (property == nullptr) return;
  if (*property == "message_id")
    source_ = Source::message_id;
  else if (*property == "correlation_id")
    source_ = Source::correlation_id;
  else if (*property == "timestamp")
    source_ = Source::timestamp;
  else
    refuse("Unsupported property: " + *property);
}

void HashIndex::add(const Binding& binding) {
  const double weight = weights_ == Weights::binding_keys ? weight_of(binding.routing_key) : 1.0;
  rows_.add({&binding, identity_of(binding), weight});
}

/// A message without the header or property is hashed as if that were empty: all those go one way.
std::string HashIndex::hashed_text(const RoutingSubject& subject) const {
  if (source_ == Source::routing_key) return std::string{subject.main_key()};
  if (source_ == Source::header) {
    const amqp::Value* value = subject.headers().find(header_);
    if (value == nullptr) return {};
    return value->as_string() ? *value->as_string() : amqp::to_text(*value);
  }
  if (subject.properties().empty()) return {};
  const amqp::Properties properties = amqp::read_properties(subject.properties());
  switch (source_) {
    case Source::message_id: return properties.message_id.value_or("");
    case Source::correlation_id: return properties.correlation_id.value_or("");
    case Source::timestamp:
      return properties.timestamp ? std::to_string(properties.timestamp->seconds) : std::string{};
    case Source::routing_key:
    case Source::header: break;
  }
  return {};
}

void HashIndex::match(const RoutingSubject& subject, Matches& out) const {
  if (rows_.empty()) return;
  const std::uint64_t key =
      source_ == Source::routing_key ? hash(subject.main_key()) : hash(hashed_text(subject));
  const Binding* best = nullptr;
  double least = std::numeric_limits<double>::infinity();
  for (const Row& row : rows_) {
    // An exponential draw with the weight as its rate: the least of several is this one's with a
    // probability in proportion to its weight.
    const double uniform = (static_cast<double>(mix(row.identity ^ key) >> 11U) + 0.5) * 0x1.0p-53;
    const double draw = -std::log(uniform) / row.weight;
    if (best != nullptr && draw >= least) continue;
    best = row.binding;
    least = draw;
  }
  out.push_back(best);
}

RandomIndex::RandomIndex(std::string_view exchange_name) : salt_(hash(exchange_name)) {}

void RandomIndex::match(const RoutingSubject& subject, Matches& out) const {
  if (!bindings_.empty()) out.push_back(bindings_[mix(salt_ ^ subject.draw()) % bindings_.size()]);
}

}  // namespace leveret::broker
