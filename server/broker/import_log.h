#pragma once

#include <functional>
#include <optional>
#include <string>

namespace leveret::broker {

/// Definitions that have been checked and are to be applied whole.
struct PendingImport {
  std::string vhost;    // what it is restricted to; empty for all
  std::string source;   // the file it was read from; empty for a request
  std::string digest;   // of that file
  std::string content;  // JSON
};

/// What is kept on disk of imports of definitions, so that one which was begun is finished whatever
/// happens. Any thread; all block on the disk and throw what the store throws.
class ImportLog {
 public:
  virtual ~ImportLog() = default;
  /// From here on it is going to be finished.
  virtual void begin_import(const PendingImport& import) = 0;
  virtual std::optional<PendingImport> pending_import() = 0;
  /// All of it is on disk: forgets it, and notes the digest of its file.
  virtual void finish_import(const PendingImport& import) = 0;
  /// Of the file when it was last imported; empty for never.
  virtual std::string imported_digest(const std::string& file) = 0;
  /// Runs `changes`, of users and parameters, which become durable together when this returns.
  virtual void group(const std::function<void()>& changes) = 0;
};

}  // namespace leveret::broker
