#include "broker/kept_range.h"

#include <algorithm>
#include <cassert>
#include <iterator>
#include <utility>
#include <vector>

namespace leveret::broker {
namespace {

using Messages = std::vector<StoredMessage>;

/// Reads what the transient store has between what the journal had, and behind it when that had all
/// of the range.
void read_transients(MessageStore& store, QueueId queue, const KeptRange& range,
                     const ReadLimits& limits, Messages stored, MessageStore::ReadCallback done) {
  const Seq last = stored.empty() ? range.last : stored.back().seq;
  store.read(
      queue, range.first, last, limits.messages_max, limits.bytes_max, *range.transients_after,
      [stored = std::move(stored), done = std::move(done)](Messages transients) mutable {
        // Behind the last one there may be more: what the journal has there comes next time.
        if (!transients.empty())
          std::erase_if(stored, [end = transients.back().seq](const StoredMessage& each) {
            return each.seq > end;
          });
        for (StoredMessage& each : transients) each.keeper = Keeper::transient_store;
        Messages both;
        both.reserve(stored.size() + transients.size());
        std::ranges::merge(std::move(stored), std::move(transients), std::back_inserter(both), {},
                           &StoredMessage::seq, &StoredMessage::seq);
        done(std::move(both));
      });
}

}  // namespace

void read_kept(Journal& journal, MessageStore& transient_store, QueueId queue,
               const KeptRange& range, const ReadLimits& limits, MessageStore::ReadCallback done) {
  assert(range.is_anywhere());
  if (!range.journal_after)
    return read_transients(transient_store, queue, range, limits, {}, std::move(done));
  if (!range.transients_after)
    return journal.read(queue, range.first, range.last, limits.messages_max, limits.bytes_max,
                        *range.journal_after, std::move(done));
  journal.read(queue, range.first, range.last, limits.messages_max, limits.bytes_max,
               *range.journal_after,
               [&transient_store, queue, range, limits, done = std::move(done)](Messages stored) {
                 read_transients(transient_store, queue, range, limits, std::move(stored), done);
               });
}

}  // namespace leveret::broker
