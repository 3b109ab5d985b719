#pragma once

#include <cstddef>

namespace leveret::server {

/// How many connections there may be, on all virtual hosts together; 0 for no limit.
struct ConnectionLimits {
  std::size_t all = 0;
  std::size_t per_address = 0;
};

}  // namespace leveret::server
