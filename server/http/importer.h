#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "http/server.h"

namespace leveret::http {

struct ImportOptions {
  /// Everything belongs there, and nothing else is imported; empty for definitions of the whole.
  std::string vhost = {};
  bool is_dry_run = false;
  /// What exists with other properties stays, as RabbitMQ has it; else nothing is imported.
  bool keeps_conflicts = false;
  /// Of what was added, changed and so on.
  bool wants_report = false;
};

struct ImportResult {
  enum class Kind {
    /// All of it is on disk; or, dry, could be.
    done,
    /// Nothing has changed: the definitions are wrong, or in conflict with what there is.
    invalid,
    conflict,
    /// It is kept and goes on by itself; some of it is done.
    unfinished,
    /// All of it, but for what clients have changed meanwhile.
    overtaken,
  };
  Kind kind = Kind::done;
  /// For a person, a line for each thing that is wrong.
  std::string reason;
  /// A JSON object: what was wrong, or what was added, changed and so on.
  std::string report;
};

/// Definitions into the broker and out of it. An import is checked as a whole before anything
/// changes; then it is written down, applied, and crossed out. What is found written down, at a
/// start or later, is finished: it takes place as a whole or not at all.
///
/// Everything blocks, on cores and on the disk, and one import waits for another: only on threads
/// that may.
class Importer {
 public:
  /// `version` is that of the product.
  Importer(Directories directories, std::string version);
  ~Importer();

  ImportResult import(std::string_view json, const ImportOptions& options);
  /// The same from a file, with conflicts kept; nothing is done when it holds what it held when it
  /// was last imported. Throws std::runtime_error when it cannot be read.
  ImportResult import_file(const std::string& path);
  /// Finishes an import that was interrupted. Throws when that fails again.
  void finish_pending();
  bool has_unfinished() const { return is_unfinished_; }

  std::string export_all(const std::string& cluster_name);
  /// Nothing when there is no such virtual host.
  std::optional<std::string> export_vhost(const std::string& vhost);

  /// Whoever waits for a core gives up. Any thread.
  void stop() { is_stopping_ = true; }

 private:
  struct Source {
    std::string file = {};
    std::string digest = {};
  };
  ImportResult import(std::string_view json, const ImportOptions& options, const Source& source);
  std::vector<std::string> run(std::shared_ptr<const struct Work> work);

  Directories directories_;
  std::string version_;
  std::mutex mutex_;
  std::atomic<bool> is_stopping_ = false;
  std::atomic<bool> is_unfinished_ = false;
};

}  // namespace leveret::http
