#pragma once

#include <chrono>

namespace leveret::http {

/// Calls `look()`, which returns whether there is more, until a twentieth of a millisecond is over;
/// returns whether there is more. For a turn of a core: how long one look takes depends on what the
/// client asks for, a pattern for one.
template <class Look>
bool look_for_a_moment(Look look) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::microseconds{50};
  bool has_more = look();
  while (has_more && std::chrono::steady_clock::now() < end) has_more = look();
  return has_more;
}

}  // namespace leveret::http
