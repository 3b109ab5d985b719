#pragma once

#include <functional>
#include <string>

#include "broker/journal.h"

namespace leveret::store {

/// What a store tells the rest of the broker. All are called on the store's own threads, must not
/// throw and must not block; after Store::close() has returned none is.
struct StoreCallbacks {
  /// Everything recorded under this number and below is on disk.
  std::function<void(broker::CommitNumber)> committed;
  /// Runs a function on the core's loop, as a turn of its own.
  std::function<void(std::function<void()>)> post;
  /// The disk is full (true): nothing that takes room commits until it has space again (false).
  std::function<void(bool)> disk_full;
  /// The file can no longer be trusted; nothing will be committed or read from now on. Called once,
  /// with what happened and what to do.
  std::function<void(std::string)> fatal;
};

}  // namespace leveret::store
