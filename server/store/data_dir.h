#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace leveret::store {

/// The directory that holds everything a broker keeps. Made if it is missing, readable by its owner
/// only, and locked against a second broker until this is destroyed.
///
///     lock            locked by the running broker, holds its process id
///     leveret.db      the catalog: virtual hosts, users and permissions
///     vhost-<id>.db   one virtual host's store, with its -wal and -shm beside it while it is open,
///                     the small batches that are not in it yet in -redo, and the large bodies of
///                     its messages in files of their own, -bodies-<n>; transient messages beyond
///                     memory in -transient, with its own -wal and -shm
class DataDir {
 public:
  /// Throws StoreError: "data directory ... is in use by process N", or what the system says.
  explicit DataDir(std::string path);
  /// In memory, and gone with the process: SQLite's own file system for that (vfs()) holds it.
  struct InMemory {};
  explicit DataDir(InMemory) : path_("memory") {}
  DataDir(const DataDir&) = delete;
  DataDir& operator=(const DataDir&) = delete;
  ~DataDir();

  const std::string& path() const { return path_; }
  bool is_in_memory() const { return lock_fd_ < 0; }
  /// The SQLite VFS that the files are in; empty for the system's.
  std::string vfs() const { return is_in_memory() ? "memdb" : ""; }
  std::string catalog_file() const { return file("leveret.db"); }
  std::string vhost_file(std::int64_t id) const;
  /// Removes the files of a virtual host's store, which must be closed. What cannot be removed is
  /// logged and left for the next start.
  void remove_vhost_files(std::int64_t id) const;
  /// Removes what the transient stores of an earlier life have left, before any of this life is
  /// made. Returns whether there was anything.
  bool remove_transient_files() const;
  /// The ids of all stores there are files of.
  std::vector<std::int64_t> vhost_ids() const;

 private:
  /// In memory, a name that begins with a slash is shared by all connections.
  std::string file(const std::string& name) const {
    return (is_in_memory() ? "" : path_) + "/" + name;
  }

  std::string path_;
  int lock_fd_ = -1;
};

}  // namespace leveret::store
