#pragma once

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

#include "broker/access.h"

namespace leveret::broker {

/// Of a passive declare: who may do nothing at all with that name is not told whether it is there
/// (RabbitMQ 4.3.1, after CVE-2026-57221). `what` says which object of which virtual host.
inline void require_any_right(Permissions& permissions, std::string_view name,
                              const std::string& what, const std::string& user) {
  constexpr std::array rights{Right::configure, Right::write, Right::read};
  const bool may_any = std::ranges::any_of(
      rights, [&](Right right) { return permissions.allows_queue(right, name); });
  if (!may_any) throw AccessRefused{"access to " + what + " refused for user '" + user + "'"};
}

}  // namespace leveret::broker
