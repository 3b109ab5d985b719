#include "auth/user.h"

#include <algorithm>

namespace leveret::auth {

std::optional<std::uint64_t> find_limit(const Limits& limits, std::string_view name) {
  const auto found = limits.find(name);
  if (found == limits.end() || found->second < 0) return std::nullopt;
  return static_cast<std::uint64_t>(found->second);
}

bool Identity::has_tag(std::string_view tag) const {
  return std::find(tags.begin(), tags.end(), tag) != tags.end();
}

}  // namespace leveret::auth
