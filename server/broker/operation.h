#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "broker/journal.h"

namespace leveret::broker {

using OperationId = std::uint64_t;

enum class OperationKind : std::uint8_t { replay, remove };
enum class OperationState : std::uint8_t { running, done, cancelled };

/// Which messages of a queue to act on: those named, or all up to a seq that the user has seen.
struct Selection {
  std::vector<Seq> seqs;
  bool all = false;
  /// With `all`: nothing that arrived later is included.
  Seq snapshot_seq = 0;
};

struct OperationRequest {
  OperationKind kind = OperationKind::replay;
  std::string queue;
  Selection selection;
  /// Replay: the queue to move to; empty for each message's original queue (from x-death).
  std::string target;
  /// Who asked, kept in the x-replay header.
  std::string actor;
};

struct FailedMessage {
  Seq seq = 0;
  std::string reason;
};

/// A replay or removal as it goes on. Each step moves some messages in one turn: a crash at any
/// point leaves every message in exactly one place.
struct OperationView {
  OperationId id = 0;
  OperationRequest request;
  TimeMs created = 0;
  OperationState state = OperationState::running;
  std::uint64_t total = 0;
  std::uint64_t done = 0;
  /// Gone (delivered, expired) before their turn came.
  std::uint64_t skipped = 0;
  /// Left where they were, and why; at most a thousand are kept.
  std::vector<FailedMessage> failed;
  std::uint64_t failed_count = 0;
};

}  // namespace leveret::broker
