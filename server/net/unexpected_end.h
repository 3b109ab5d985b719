#pragma once

#include <exception>
#include <string>
#include <string_view>

#include "base/log.h"

namespace leveret::net {

/// For co_spawn, of a coroutine that catches what belongs to I/O itself: any other exception is a
/// mistake of ours, and is logged as the end of `what`, which is a literal.
struct LogUnexpectedEnd {
  std::string_view what;

  void operator()(const std::exception_ptr& error) const {
    if (!error) return;
    try {
      std::rethrow_exception(error);
    } catch (const std::exception& bug) {
      log::error(std::string{what} + " ended unexpectedly", {{"reason", bug.what()}});
    }
  }
};

}  // namespace leveret::net
