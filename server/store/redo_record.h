#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "store/batch.h"

namespace leveret::store {

// What a batch looks like in the redo log: its ops one after another, by their kind.

struct RecordLimits {
  /// Of the whole record.
  std::size_t bytes = 0;
  /// A body of so many has a file of its own, where it would be written anyway.
  std::size_t large_body_bytes = 0;
};

/// Appends them to `record`. Returns false, and leaves something unfinished there, when that would
/// be too long, or there is something that is not for this log: a large body, a change of topology.
bool write_ops(std::span<const Op> ops, const RecordLimits& limits, std::string& record);

/// The same ops back. Throws amqp::Error when it is no such record.
std::vector<Op> read_ops(std::string_view record);

}  // namespace leveret::store
