#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>

namespace leveret::cli {

/// What a queue held before the first message was moved.
struct QueueStart {
  std::uint64_t source = 0;
  std::uint64_t target = 0;
};

/// A migration that may be interrupted, on disk: from what the queues held at first, the next run
/// tells how many messages had arrived without being taken out of the source. Throws Failure.
class MigrationState {
 public:
  /// Reads `file`, which need not exist. `between` names both brokers; a file of two others is
  /// refused.
  MigrationState(std::string file, std::string between);

  bool is_resumed() const { return is_resumed_; }
  const std::string& file() const { return file_; }
  /// What is known of the queue; else remembers `now`, on disk.
  QueueStart start_of(const std::string& vhost, const std::string& queue, const QueueStart& now,
                      bool& is_first);
  /// All is done: the file goes.
  void finish();

 private:
  void save() const;

  std::string file_;
  std::string between_;
  bool is_resumed_ = false;
  std::map<std::pair<std::string, std::string>, QueueStart> queues_;
};

/// $XDG_STATE_HOME/leveret/migrate-….json, or ~/.local/state/…; one for each pair of brokers.
std::string default_state_file(const std::string& between);

}  // namespace leveret::cli
