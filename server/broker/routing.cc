#include "broker/routing.h"

#include <algorithm>
#include <string>

#include "amqp/reply_code.h"

namespace leveret::broker {

const amqp::Table& RoutingSubject::headers() const {
  if (!headers_) {
    amqp::Reader reader{raw_headers_};
    headers_ = raw_headers_.empty() ? amqp::Table{} : amqp::read_table(reader);
  }
  return *headers_;
}

void DirectIndex::add(const Binding& binding) {
  by_key_[binding.routing_key].add(&binding);
}

void DirectIndex::remove(const Binding& binding) {
  const auto it = by_key_.find(binding.routing_key);
  if (it == by_key_.end()) return;
  it->second.remove(binding);
  if (it->second.empty()) by_key_.erase(it);
}

void DirectIndex::match(const RoutingSubject& subject, Matches& out) const {
  const auto it = by_key_.find(subject.routing_key());
  if (it != by_key_.end()) out.insert(out.end(), it->second.begin(), it->second.end());
}

void HeadersIndex::add(const Binding& binding) {
  rows_.add({&binding, HeadersMatch{binding.arguments}});
}

void HeadersIndex::remove(const Binding& binding) {
  rows_.remove(binding);
}

void HeadersIndex::match(const RoutingSubject& subject, Matches& out) const {
  for (const Row& row : rows_)
    if (row.match.matches(subject.headers())) out.push_back(row.binding);
}

void check_exchange_type(std::string_view type) {
  if (std::ranges::find(exchange_types, type) == exchange_types.end())
    throw amqp::Error{amqp::ReplyCode::precondition_failed,
                      "unknown exchange type '" + std::string{type} + "'"};
}

RoutingIndex make_routing_index(const ExchangeSpec& spec) {
  check_exchange_type(spec.type);
  if (spec.type == "direct") return DirectIndex{};
  if (spec.type == "fanout") return FanoutIndex{};
  if (spec.type == "topic") return TopicIndex{};
  if (spec.type == "headers") return HeadersIndex{};
  if (spec.type == "x-random") return RandomIndex{spec.name};
  using Weights = HashIndex::Weights;
  const bool is_weighted = spec.type == "x-consistent-hash";
  return HashIndex{is_weighted ? Weights::binding_keys : Weights::equal, spec.arguments};
}

}  // namespace leveret::broker
