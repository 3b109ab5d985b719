#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "store/standing_file.h"

namespace leveret::store {

// Files beside a store's that are not SQLite's. They are reached through a SQLite VFS all the same,
// by its name, empty for the default: tests inject failures through it.

bool file_exists(const std::string& path, const std::string& vfs);
/// One that is gone already is fine. Throws StoreError.
void remove_file(const std::string& path, const std::string& vfs);

/// Such a file, open. The first sync of one that it has made makes its name durable too, as a
/// journal's of SQLite does. One thread at a time; everything throws StoreError.
class PlainFile {
 public:
  enum class Use { read, write };
  /// Makes it for writing when there is none.
  PlainFile(std::string path, const std::string& vfs, Use use);
  PlainFile(const PlainFile&) = delete;
  PlainFile& operator=(const PlainFile&) = delete;
  ~PlainFile();

  const std::string& path() const { return path_; }
  std::int64_t size() const;
  /// Of a file that ends before `to` is full: SQLITE_IOERR_SHORT_READ.
  void read(std::int64_t offset, std::span<char> to);
  void write(std::int64_t offset, std::string_view bytes);
  /// Also finds out when the file's name does not lead to it any more.
  void sync();

 private:
  /// Of what has failed last.
  int last_errno() const;
  void check(int code, std::string_view what) const;

  std::string path_;
  std::unique_ptr<char[]> memory_;
  sqlite3_file* file_ = nullptr;
  std::optional<StandingFile> watched_;
};

}  // namespace leveret::store
