#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string_view>

namespace leveret::broker {

/// Which objects of a virtual host somebody wants to see of a list in its own order. The functions
/// are called in turns of the core; an empty one lets everything through.
///
/// A survey looks at a virtual host a few objects a turn, so that no turn takes long however many
/// there are, and copies only those that are wanted. It has `View`, and the same functions:
///   look(vhost, count)   in a turn: looks at up to `count` more, returns whether there are more
///   take()               between turns: what is kept since the last time, in order
///   total(), matched()   how many have been visible, and those of them that matched
/// What is there all along is seen; what is made or deleted meanwhile may be missing.
struct SurveySearch {
  /// By the user whose object it is.
  std::function<bool(std::string_view)> is_visible = {};
  /// By name; bindings and consumers have the empty one.
  std::function<bool(std::string_view)> matches = {};
  /// How many of the first in order are kept, or of the last with `from_end`; all without one.
  std::optional<std::size_t> limit = std::nullopt;
  bool from_end = false;

  bool shows(std::string_view user) const { return !is_visible || is_visible(user); }
  bool finds(std::string_view name) const { return !matches || matches(name); }
};

}  // namespace leveret::broker
