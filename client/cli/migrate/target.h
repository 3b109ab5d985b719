#pragma once

#include <string>
#include <vector>

#include "cli/api.h"
#include "cli/context.h"
#include "cli/migrate/drain.h"

namespace leveret::cli {

/// The broker that takes the messages, as a user of the migration's own: who may publish in other
/// users' names, so that `user_id` stays what it is, and may use every virtual host. Goes with this
/// object, as far as the target can be reached.
class MigrationTarget {
 public:
  /// Makes the user. Throws Failure.
  explicit MigrationTarget(const Context& context);
  ~MigrationTarget();
  MigrationTarget(const MigrationTarget&) = delete;
  MigrationTarget& operator=(const MigrationTarget&) = delete;

  /// Lets the user into the virtual host, and says how to connect to it.
  client::Url open(const std::string& vhost);
  /// The last `count` messages of the queue; fewer when there are no more.
  std::vector<Arrived> last_messages(const std::string& vhost, const std::string& queue,
                                     std::uint64_t count) const;

 private:
  client::Url url_;
  Api administrator_;
  std::string api_address_;
  std::string password_;
};

}  // namespace leveret::cli
