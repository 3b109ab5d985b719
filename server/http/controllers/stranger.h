#pragma once

#include <cstdint>

#include "base/ids.h"

namespace leveret::http {

/// On whose behalf HTTP changes things: no connection has this id, so exclusive queues are locked
/// to it, as they are in RabbitMQ. (None, the id 0, is the core's own and may do everything.)
inline constexpr ConnectionId stranger{UINT64_MAX};

}  // namespace leveret::http
