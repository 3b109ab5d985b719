#pragma once

#include <chrono>
#include <string>
#include <utility>

struct statx;

namespace leveret::store {

/// A file that has just been opened, and whether its name goes on leading to it. One that is
/// removed, or has another put in its place, can be written and synced as before, and nobody finds
/// that again.
///
/// Whether the file has a name at all is seen at each look, which costs nothing: it asks the file.
/// Whether it has been moved is seen by looking for its name, which is not done all the time: what
/// was moved is still there.
class StandingFile {
 public:
  using Clock = std::chrono::steady_clock;

  /// Takes what stands under `path` now; when nothing does, or nobody can tell, it never is gone.
  /// `look_every`: how often its name is looked for.
  explicit StandingFile(std::string path,
                        Clock::duration look_every = std::chrono::milliseconds{100});
  StandingFile(StandingFile&& other) noexcept
      : path_(std::move(other.path_)),
        file_(std::exchange(other.file_, -1)),
        look_every_(other.look_every_),
        looked_at_(other.looked_at_) {}
  StandingFile& operator=(StandingFile&&) = delete;
  ~StandingFile();

  const std::string& path() const { return path_; }
  /// False also when nobody can tell, as in a directory that may not be entered any more.
  bool is_gone();
  /// Throws StoreError (SQLITE_READONLY_DBMOVED) when it is.
  void check();
  /// What check() throws.
  [[noreturn]] void fail() const;

 private:
  bool leads_to(const struct statx& file) const;

  std::string path_;
  int file_;  // for questions only: closing it ends none of the locks that SQLite has on it
  Clock::duration look_every_;
  Clock::time_point looked_at_ = Clock::now();
};

/// The error text for one that is; `rest` says what became of what it held.
std::string gone_text(const std::string& path, const std::string& rest);

}  // namespace leveret::store
