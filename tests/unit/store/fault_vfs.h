#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <map>
#include <mutex>
#include <random>
#include <string>
#include <vector>

namespace leveret::store::test {

/// A disk that forgets. Registered as a SQLite VFS over the real one, it keeps every write in
/// memory until the file is synced; only then does it reach the real file. Cutting the power makes
/// every later operation fail, and restart() lets a random part of what was not synced survive, in
/// sectors of 512 bytes, so also torn inside a page. Files of all connections of the process are
/// seen through it alike.
class FaultDisk {
 public:
  FaultDisk();
  FaultDisk(const FaultDisk&) = delete;
  FaultDisk& operator=(const FaultDisk&) = delete;
  ~FaultDisk();

  const std::string& vfs_name() const { return name_; }

  /// Cuts the power at the n-th write, truncation or sync from now on; 0 for never.
  void cut_power_at(std::uint64_t operation);
  void cut_power();
  /// The n-th write or sync from now on fails once with EIO, and does nothing; 0 for never.
  void fail_write_at(std::uint64_t write);
  void fail_sync_at(std::uint64_t sync);
  /// Writes that would make all files together longer than this find the disk full; 0 for no limit.
  void set_capacity(std::int64_t bytes);
  /// Syncs return at once without doing anything, as disks that lie do.
  void ignore_syncs(bool ignore);

  std::uint64_t operations() const;
  std::uint64_t syncs() const;
  bool has_power() const;
  /// Whether a failure that was asked for has come.
  bool has_failed() const;
  std::int64_t used_bytes() const;

  /// The machine comes up again: all connections must be closed. `seed` decides what survived.
  void restart(std::uint64_t seed);
  /// Everything written reaches the real files, as if synced.
  void settle();

 private:
  friend struct FaultFile;
  struct Write {
    std::int64_t offset = 0;
    std::string bytes;
    bool is_truncate = false;  // to `offset`
  };
  struct File {
    std::vector<Write> unsynced;
    std::int64_t size = 0;
    std::int64_t real_size = 0;
  };

  /// Called under the mutex before a write of `growth` more bytes: SQLITE_OK or the failure that is
  /// due.
  int before_write(std::int64_t growth);
  int before_sync();
  int count_operation();
  static void apply(const std::string& path, const std::vector<Write>& writes);

  std::string name_;
  sqlite3_vfs vfs_{};
  mutable std::mutex mutex_;
  std::map<std::string, File> files_;
  std::uint64_t operations_ = 0;
  std::uint64_t writes_ = 0;
  std::uint64_t syncs_ = 0;
  std::uint64_t cut_at_ = 0;
  std::uint64_t fail_write_at_ = 0;
  std::uint64_t fail_sync_at_ = 0;
  std::int64_t capacity_ = 0;
  bool has_power_ = true;
  bool has_failed_ = false;
  bool ignores_syncs_ = false;
};

}  // namespace leveret::store::test
