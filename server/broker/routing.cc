#include "broker/routing.h"

#include <algorithm>

namespace leveret::broker {

const amqp::Table& RoutingSubject::headers() const {
  if (!headers_) {
    amqp::Reader reader{raw_headers_};
    headers_ = raw_headers_.empty() ? amqp::Table{} : amqp::read_table(reader);
  }
  return *headers_;
}

void DirectIndex::add(const Binding& binding) {
  by_key_[binding.routing_key].push_back(&binding);
}

void DirectIndex::remove(const Binding& binding) {
  const auto it = by_key_.find(binding.routing_key);
  if (it == by_key_.end()) return;
  std::erase(it->second, &binding);
  if (it->second.empty()) by_key_.erase(it);
}

void DirectIndex::match(const RoutingSubject& subject, Matches& out) const {
  const auto it = by_key_.find(subject.routing_key());
  if (it != by_key_.end()) out.insert(out.end(), it->second.begin(), it->second.end());
}

void HeadersIndex::add(const Binding& binding) {
  rows_.push_back({&binding, HeadersMatch{binding.arguments}});
}

void HeadersIndex::remove(const Binding& binding) {
  std::erase_if(rows_, [&](const Row& row) { return row.binding == &binding; });
}

void HeadersIndex::match(const RoutingSubject& subject, Matches& out) const {
  for (const Row& row : rows_)
    if (row.match.matches(subject.headers())) out.push_back(row.binding);
}

std::optional<RoutingIndex> make_routing_index(std::string_view type) {
  if (type == "direct") return DirectIndex{};
  if (type == "fanout") return FanoutIndex{};
  if (type == "topic") return TopicIndex{};
  if (type == "headers") return HeadersIndex{};
  return std::nullopt;
}

}  // namespace leveret::broker
