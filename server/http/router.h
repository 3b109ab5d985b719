#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace leveret::http {

/// What the variable segments of a path were, by the names they have in the pattern.
class PathParameters {
 public:
  void add(std::string_view name, std::string value) {
    entries_.emplace_back(name, std::move(value));
  }
  /// Nothing for a name that the route's pattern does not have.
  std::optional<std::string> find(std::string_view name) const;
  /// Throws std::logic_error for a name that the route's pattern does not have.
  const std::string& at(std::string_view name) const;

 private:
  std::vector<std::pair<std::string_view, std::string>> entries_;
};

/// A table of methods and path patterns such as "/api/queues/{vhost}/{name}", each with something
/// that the table itself does not look at. A segment in braces matches any one segment that is not
/// empty; a pattern with fewer of them wins.
class RouteTable {
 public:
  struct Found {
    std::size_t route;
    PathParameters parameters;
  };
  /// The path exists, for other methods: "GET, HEAD, ..." for the Allow header.
  struct OtherMethod {
    std::string allow;
  };
  struct NoPath {};
  using Match = std::variant<Found, OtherMethod, NoPath>;

  /// Returns the number of the route, counted from 0 in the order of the calls.
  std::size_t add(std::string_view method, std::string_view pattern);
  /// A HEAD finds the route of a GET.
  Match find(std::string_view method, const std::vector<std::string>& segments) const;

 private:
  struct Row {
    std::string_view method;
    std::vector<std::string_view> pattern;
    std::size_t variables = 0;
  };
  std::vector<Row> rows_;
};

}  // namespace leveret::http
