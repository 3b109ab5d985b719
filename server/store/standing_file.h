#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <utility>

namespace leveret::store {

/// A file that has just been opened, and whether its name goes on leading to it. One that is
/// removed, or has another put in its place, can be written and synced as before, and nobody finds
/// that again. A look costs a microsecond.
class StandingFile {
 public:
  /// Takes what stands under `path` now; when nothing does, or nobody can tell, it never is gone.
  explicit StandingFile(std::string path) : path_(std::move(path)), there_(look(path_).there) {}

  const std::string& path() const { return path_; }
  /// False also when nobody can tell, as in a directory that may not be entered any more.
  bool is_gone() const;
  /// Throws StoreError (SQLITE_READONLY_DBMOVED) when it is.
  void check() const;

 private:
  using Identity = std::pair<dev_t, ino_t>;
  struct Look {
    std::optional<Identity> there;
    bool is_missing = false;
  };
  static Look look(const std::string& path);

  std::string path_;
  std::optional<Identity> there_;
};

/// The error text for one that is; `rest` says what became of what it held.
std::string gone_text(const std::string& path, const std::string& rest);

}  // namespace leveret::store
