#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "store/plain_file.h"

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

/// One such file, open.
class BodyFile : public PlainFile {
 public:
  BodyFile(const BodyFiles& files, std::int64_t number, Use use)
      : PlainFile(files.path(number), files.vfs(), use), number_(number) {}
  std::int64_t number() const { return number_; }

 private:
  std::int64_t number_;
};

}  // namespace leveret::store
