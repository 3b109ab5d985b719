#pragma once

#include <cstdint>

namespace leveret::http {

/// From where on publishers have to wait, in bytes; 0 for no limit.
struct ResourceMarks {
  std::uint64_t memory_limit = 0;
  std::uint64_t disk_free_limit = 0;
};

}  // namespace leveret::http
