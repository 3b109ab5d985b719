#pragma once

#include <string>
#include <vector>

#include "cli/api.h"
#include "cli/json.h"

namespace leveret::cli {

/// A queue of the source.
struct SourceQueue {
  std::string vhost;
  std::string name;
  bool is_quorum = false;
  /// Of its messages, as far as the source's statistics tell; 0 for unknown.
  std::uint64_t average_bytes = 0;
};

/// What a migration moves, as the source's management API tells it.
struct MigrationPlan {
  /// As they are imported into the target.
  Json definitions;
  /// Those whose messages are moved, by virtual host and name.
  std::vector<SourceQueue> queues;
  /// What is left out, a sentence each.
  std::vector<std::string> notes;
};

struct PlanOptions {
  /// Empty for all.
  std::string vhost;
  /// A shell pattern for the names of queues whose messages are moved; empty for all.
  std::string queues;
  /// Who this command is at the target: stays as he is there.
  std::string target_user;
};

/// Asks the source. Throws Failure.
MigrationPlan make_migration_plan(const Api& source, const PlanOptions& options);

}  // namespace leveret::cli
