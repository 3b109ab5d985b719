#pragma once

#include <cstddef>
#include <optional>

#include "base/ids.h"
#include "broker/journal.h"

namespace leveret::broker {

/// Messages of one priority of a queue that may be kept in both stores, with first <= seq <= last.
struct KeptRange {
  Seq first = 0;
  Seq last = 0;
  /// The transaction of each store that has to be on disk before it is read; nothing when it has
  /// none of them.
  std::optional<CommitNumber> journal_after = {};
  std::optional<CommitNumber> transients_after = {};

  bool is_anywhere() const { return journal_after || transients_after; }
};

/// How much is read at once: messages, and beyond the first one bytes of bodies, of each store.
struct ReadLimits {
  std::size_t messages_max = 0;
  std::size_t bytes_max = 0;
};

/// Reads from both stores what they have of `range`, which is in one at least, as one: like
/// MessageStore::read(), but for the limits. The stores must outlive `done`.
void read_kept(Journal& journal, MessageStore& transient_store, QueueId queue,
               const KeptRange& range, const ReadLimits& limits, MessageStore::ReadCallback done);

}  // namespace leveret::broker
