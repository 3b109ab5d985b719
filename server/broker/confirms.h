#pragma once

#include <cstdint>
#include <vector>

#include "base/ring.h"
#include "broker/journal.h"
#include "broker/outbox.h"

namespace leveret::broker {

/// The publisher confirms that one channel still owes, in publish order. They are sent in that
/// order, as few basic.acks as possible (`multiple`).
class Confirms {
 public:
  /// Begins a publish and numbers it, from 1. It is safe once `commit` is on disk.
  std::uint64_t add(CommitNumber commit);
  /// Ends the publish begun last: it is also safe once that many copies in the store have been
  /// settled by consumers (at once, for none).
  void set_stored_copies(std::uint32_t count) { pending_.back().copies = count; }
  /// Ends the publish begun last: a queue refused it.
  void set_refused() {
    pending_.back() = {.commit = 0, .copies = 0, .settled = 0, .is_refused = true};
  }
  /// A consumer has settled one copy, before it was on disk.
  void copy_settled(std::uint64_t number);
  /// Everything up to `commit` is on disk.
  void committed(CommitNumber commit) { committed_ = commit; }

  bool has_ready() const { return !pending_.empty() && is_ready(pending_.front()); }
  std::size_t count() const { return pending_.size(); }
  /// Appends what can be confirmed now.
  void collect(ChannelNumber channel, std::vector<Outgoing>& out);

 private:
  struct Pending {
    CommitNumber commit = 0;
    std::uint32_t copies = UINT32_MAX;  // not known yet
    std::uint32_t settled = 0;
    bool is_refused = false;
  };
  bool is_ready(const Pending& pending) const {
    return pending.settled >= pending.copies || pending.commit <= committed_;
  }
  Ring<Pending, (std::size_t{32} << 10U)> pending_;
  std::uint64_t first_ = 1;  // the number of pending_.front()
  CommitNumber committed_ = 0;
};

}  // namespace leveret::broker
