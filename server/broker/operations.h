#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "broker/operation.h"

namespace leveret::broker {

struct BrowsedMessage;
struct BrowsePage;
class Queue;
class Vhost;

/// Replays and removals, one step at a time and one operation after another, so that overlapping
/// selections cannot act on a message twice. A step reads a page of the queue, wherever it stands,
/// and moves what is selected of it within that turn.
class Operations {
 public:
  explicit Operations(Vhost& vhost);
  ~Operations();

  OperationView start(OperationRequest request);
  std::vector<OperationView> views() const;
  std::optional<OperationView> view(OperationId id) const;
  bool cancel(OperationId id);

  /// True when step() has something to do now; not while messages are on their way back to the
  /// queue, or it would pass over them.
  bool wants_step() const;
  void step();

 private:
  struct Operation;
  void check_limit() const;
  void take_page(OperationId id, const BrowsePage& page);
  void act_on(Operation& operation, Queue& source, const BrowsedMessage& message);
  /// Why this message cannot be replayed; the target otherwise.
  Queue* find_target(Operation& operation, const Queue& source, const BrowsedMessage& message);
  void fail(Operation& operation, Seq seq, std::string reason);
  void finish(Operation& operation, OperationState state);

  Vhost& vhost_;
  OperationId last_id_ = 0;
  std::map<OperationId, std::unique_ptr<Operation>> operations_;  // ended ones too, up to a limit
  std::deque<OperationId> running_;
  bool is_reading_ = false;
};

}  // namespace leveret::broker
