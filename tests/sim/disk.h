#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace leveret::sim {

/// A disk in memory, registered as a SQLite VFS of its own. It knows for every file what is on the
/// platter and what has only been written, and what of it a power cut leaves: a random part of the
/// unsynced writes in sectors of 512 bytes, so also torn inside a page; a new file, or the old one
/// in place of a deleted one, when nothing has said otherwise to the directory. One thread.
class Disk {
 public:
  explicit Disk(std::uint64_t seed);
  ~Disk();
  Disk(const Disk&) = delete;
  Disk& operator=(const Disk&) = delete;

  const std::string& vfs_name() const { return name_; }

  /// Called before every write, truncation and sync, when what it belongs to could be overtaken by
  /// another thread. Whatever it does, it must leave the disk's connections as they are.
  std::function<void()> on_operation;

  /// From now on, or from the n-th operation on, everything fails: the process or the machine is
  /// gone.
  void stop() { is_stopped_ = true; }
  void stop_at(std::uint64_t operation) { stop_at_ = operations_ + operation; }
  /// The n-th write, or sync, from now on fails once. Of what a failed sync should have saved, a
  /// random part is; the rest can still be read, and is not saved by a later sync either (Linux
  /// marks the pages as clean).
  void fail_write_at(std::uint64_t write) { fail_write_at_ = writes_ + write; }
  void fail_sync_at(std::uint64_t sync) { fail_sync_at_ = syncs_ + sync; }
  /// What all files together may have in bytes; 0: no limit.
  void set_capacity(std::int64_t bytes) { capacity_ = bytes; }
  /// Syncs do nothing: a disk that lies.
  void ignore_syncs() { ignores_syncs_ = true; }

  bool is_stopped() const { return is_stopped_; }
  std::int64_t used_bytes() const;
  std::uint64_t operations() const { return operations_; }
  /// Of all operations in their order, with their bytes.
  std::uint64_t hash() const { return hash_; }

  /// The process is gone, what it wrote is not. All connections must be closed.
  void restart_after_kill();
  /// The machine was without power: `seed` decides what is left.
  void restart_after_power_cut(std::uint64_t seed);

 private:
  friend struct DiskFile;
  struct Write {
    std::int64_t offset = 0;
    std::string bytes;
    bool is_truncation = false;  // to `offset`
  };
  struct File {
    std::string current;
    std::string durable;
    std::vector<Write> unsynced;
    bool exists = false;
    bool exists_durably = false;
    // Locks and shared memory of the connections.
    std::vector<struct DiskFile*> opened;
    std::vector<std::unique_ptr<char[]>> shared;
  };

  /// SQLITE_OK, or SQLITE_IOERR when all is over.
  int begin_operation(std::uint64_t digest);
  int before_write(const std::string& path, std::int64_t offset, std::int64_t growth,
                   const char* bytes, std::size_t size);
  int before_sync(File& file);
  void sync_directory();
  static void apply(std::string& content, const Write& write);
  /// What is left of the unsynced writes: of each sector, one in so many.
  static void save_part(File& file, class Random& random, std::uint32_t percent);
  void forget_faults();

  std::string name_;
  sqlite3_vfs vfs_{};
  std::map<std::string, std::unique_ptr<File>> files_;
  std::uint64_t random_;
  std::uint64_t operations_ = 0;
  std::uint64_t writes_ = 0;
  std::uint64_t syncs_ = 0;
  std::uint64_t hash_ = 0;
  std::uint64_t stop_at_ = 0;
  std::uint64_t fail_write_at_ = 0;
  std::uint64_t fail_sync_at_ = 0;
  std::int64_t capacity_ = 0;
  bool is_stopped_ = false;
  bool ignores_syncs_ = false;
};

}  // namespace leveret::sim
