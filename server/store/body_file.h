#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "store/standing_file.h"

namespace leveret::store {

/// Where a large body stands: the number of its file, and its place in it. All in bytes.
struct BodyPlace {
  std::int64_t file = 0;
  std::int64_t offset = 0;
  std::int64_t bytes = 0;
  bool operator==(const BodyPlace&) const = default;
};

/// As it stands in a message's row instead of the body: "file offset bytes".
std::string text_of(const BodyPlace& place);
/// Nothing for another text.
std::optional<BodyPlace> read_body_place(std::string_view text);

/// The files of large bodies beside one store's file.
class BodyFiles {
 public:
  /// `vfs` is a registered SQLite VFS, empty for the default. Tests inject failures through it.
  BodyFiles(std::string store_file, std::string vfs)
      : store_file_(std::move(store_file)), vfs_(std::move(vfs)) {}

  const std::string& vfs() const { return vfs_; }
  std::string path(std::int64_t number) const {
    return store_file_ + "-bodies-" + std::to_string(number);
  }
  bool exists(std::int64_t number) const;
  /// One that is gone already is fine. Throws StoreError.
  void remove(std::int64_t number) const;
  /// Gives the disk's blocks below a body back; the file keeps its length. Does nothing where the
  /// file system cannot.
  void punch(const BodyPlace& place) const;
  /// Has the system forget what it keeps of a file in memory: what is written and not read again
  /// soon would push out what others need there, and every page of it would be a new one.
  void leave_page_cache(std::int64_t number) const;

 private:
  int open_natively(std::int64_t number) const;

  std::string store_file_;
  std::string vfs_;
};

/// One such file, open. The first sync of one that it has made makes its name durable too, as a
/// journal's of SQLite does. One thread at a time; everything throws StoreError.
class BodyFile {
 public:
  enum class Use { read, write };
  /// Makes it for writing when there is none.
  BodyFile(const BodyFiles& files, std::int64_t number, Use use);
  BodyFile(const BodyFile&) = delete;
  BodyFile& operator=(const BodyFile&) = delete;
  ~BodyFile();

  std::int64_t number() const { return number_; }
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
  std::int64_t number_;
  std::unique_ptr<char[]> memory_;
  sqlite3_file* file_ = nullptr;
  std::optional<StandingFile> watched_;
};

}  // namespace leveret::store
