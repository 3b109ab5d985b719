#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace leveret::http {

/// Replaces %XX by its byte; nothing when a % is not followed by two hexadecimal digits. A plus
/// stays a plus, as RabbitMQ reads paths.
std::optional<std::string> percent_decode(std::string_view text);
/// `text` as one path segment: everything but RFC 3986's unreserved characters as %XX.
std::string percent_encode(std::string_view text);

/// `text` as a whole number. `what` names it in the error. Throws HttpError 400.
std::uint64_t parse_number(std::string_view text, const std::string& what);

/// What follows the `?`, kept as it came: some values have separators of their own, which have to
/// be looked for before decoding.
class Query {
 public:
  Query() = default;
  explicit Query(std::string_view text);

  /// The first value of that name as it came; nothing when there is none.
  std::optional<std::string_view> raw(std::string_view name) const;
  /// The same decoded, a plus as a space. Throws HttpError 400 for a broken escape.
  std::optional<std::string> value(std::string_view name) const;
  /// All values of that name, decoded. Throws as value().
  std::vector<std::string> values(std::string_view name) const;
  /// The value as a whole number. Throws HttpError 400 when it is none or outside [low, high].
  std::optional<std::uint64_t> number(std::string_view name, std::uint64_t low,
                                      std::uint64_t high) const;
  /// True for `name`, `name=true` and `name=1`.
  bool flag(std::string_view name) const;

 private:
  std::vector<std::pair<std::string, std::string>> entries_;
};

/// A request target in origin form, or in absolute form as proxies send it: the path cut at its
/// slashes and decoded afterwards, so that a name may hold any character.
struct Target {
  std::vector<std::string> segments;
  Query query;
};
/// Nothing when `text` is not a target that names a path.
std::optional<Target> parse_target(std::string_view text);

}  // namespace leveret::http
