#pragma once

#include <compare>
#include <cstdint>
#include <functional>

namespace leveret {

/// An integer that names one kind of thing and does not mix with the others. 0 means "none".
template <class Tag, class Rep = std::uint64_t>
struct StrongId {
  Rep value = 0;

  explicit operator bool() const { return value != 0; }
  auto operator<=>(const StrongId&) const = default;
};

/// A client connection, unique for the life of the process.
using ConnectionId = StrongId<struct ConnectionTag>;
/// A queue, unique for the life of its virtual host's store; never reused.
using QueueId = StrongId<struct QueueTag, std::uint32_t>;

}  // namespace leveret

template <class Tag, class Rep>
struct std::hash<leveret::StrongId<Tag, Rep>> {
  std::size_t operator()(leveret::StrongId<Tag, Rep> id) const noexcept {
    return std::hash<Rep>{}(id.value);
  }
};
