#include "http/router.h"

#include <algorithm>
#include <stdexcept>

namespace leveret::http {
namespace {

bool is_variable(std::string_view segment) {
  return segment.starts_with('{');
}

bool matches(const std::vector<std::string_view>& pattern,
             const std::vector<std::string>& segments) {
  return std::ranges::equal(pattern, segments,
                            [](std::string_view wanted, const std::string& given) {
                              return is_variable(wanted) ? !given.empty() : wanted == given;
                            });
}

}  // namespace

const std::string& PathParameters::at(std::string_view name) const {
  for (const auto& [key, value] : entries_)
    if (key == name) return value;
  throw std::logic_error("the route has no segment {" + std::string{name} + "}");
}

std::optional<std::string> PathParameters::find(std::string_view name) const {
  for (const auto& [key, value] : entries_)
    if (key == name) return value;
  return std::nullopt;
}

std::size_t RouteTable::add(std::string_view method, std::string_view pattern) {
  Row row{method, {}, 0};
  while (!pattern.empty()) {
    pattern.remove_prefix(1);
    const std::string_view segment = pattern.substr(0, pattern.find('/'));
    pattern.remove_prefix(segment.size());
    if (is_variable(segment)) ++row.variables;
    row.pattern.push_back(segment);
  }
  rows_.push_back(std::move(row));
  return rows_.size() - 1;
}

RouteTable::Match RouteTable::find(std::string_view method,
                                   const std::vector<std::string>& segments) const {
  // A slash at the end says nothing, as in RabbitMQ.
  if (!segments.empty() && segments.back().empty())
    return find(method, {segments.begin(), segments.end() - 1});
  const std::string_view wanted = method == "HEAD" ? "GET" : method;
  const Row* best = nullptr;
  std::vector<std::string_view> allowed;
  for (const Row& row : rows_) {
    if (!matches(row.pattern, segments)) continue;
    if (row.method == "GET") allowed.push_back("HEAD");
    allowed.push_back(row.method);
    if (row.method == wanted && (!best || row.variables < best->variables)) best = &row;
  }
  if (best) {
    Found found{static_cast<std::size_t>(best - rows_.data()), {}};
    for (std::size_t i = 0; i < segments.size(); ++i) {
      const std::string_view name = best->pattern[i];
      if (is_variable(name)) found.parameters.add(name.substr(1, name.size() - 2), segments[i]);
    }
    return found;
  }
  if (allowed.empty()) return NoPath{};
  OtherMethod other;
  for (const std::string_view name : allowed) other.allow += std::string{name} + ", ";
  other.allow += "OPTIONS";
  return other;
}

}  // namespace leveret::http
