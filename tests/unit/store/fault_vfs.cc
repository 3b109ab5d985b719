#include "fault_vfs.h"

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <new>

namespace leveret::store::test {

constexpr std::int64_t sector_bytes = 512;

/// SQLite's file object: ours in front, the real VFS's right behind it in the same memory.
struct FaultFile {
  sqlite3_file base;
  FaultDisk* disk;
  FaultDisk::File* state;

  static FaultFile* of(sqlite3_file* file) { return reinterpret_cast<FaultFile*>(file); }
  static sqlite3_file* real_of(sqlite3_file* file) {
    return reinterpret_cast<sqlite3_file*>(of(file) + 1);
  }

  static int close(sqlite3_file* file) { return real_of(file)->pMethods->xClose(real_of(file)); }

  static int read(sqlite3_file* file, void* buffer, int size, sqlite3_int64 offset) {
    FaultFile* self = of(file);
    const std::lock_guard lock(self->disk->mutex_);
    if (!self->disk->has_power_) return SQLITE_IOERR_READ;
    auto* bytes = static_cast<char*>(buffer);
    std::memset(bytes, 0, static_cast<std::size_t>(size));
    if (offset < self->state->real_size) {
      const int code = real_of(file)->pMethods->xRead(real_of(file), buffer, size, offset);
      if (code != SQLITE_OK && code != SQLITE_IOERR_SHORT_READ) return code;
    }
    for (const FaultDisk::Write& write : self->state->unsynced)
      overlay(write, bytes, offset, offset + size);
    return offset + size <= self->state->size ? SQLITE_OK : SQLITE_IOERR_SHORT_READ;
  }

  static void overlay(const FaultDisk::Write& write, char* bytes, std::int64_t begin,
                      std::int64_t end) {
    if (write.is_truncate) {
      const std::int64_t from = std::clamp(write.offset, begin, end);
      std::memset(bytes + (from - begin), 0, static_cast<std::size_t>(end - from));
      return;
    }
    const std::int64_t from = std::max(begin, write.offset);
    const std::int64_t to =
        std::min(end, write.offset + static_cast<std::int64_t>(write.bytes.size()));
    if (from < to)
      std::memcpy(bytes + (from - begin), write.bytes.data() + (from - write.offset),
                  static_cast<std::size_t>(to - from));
  }

  static int write(sqlite3_file* file, const void* buffer, int size, sqlite3_int64 offset) {
    FaultFile* self = of(file);
    const std::lock_guard lock(self->disk->mutex_);
    const std::int64_t growth = std::max<std::int64_t>(0, offset + size - self->state->size);
    if (const int code = self->disk->before_write(growth); code != SQLITE_OK) return code;
    self->state->unsynced.push_back(
        {offset, std::string(static_cast<const char*>(buffer), static_cast<std::size_t>(size))});
    self->state->size += growth;
    return SQLITE_OK;
  }

  static int truncate(sqlite3_file* file, sqlite3_int64 size) {
    FaultFile* self = of(file);
    const std::lock_guard lock(self->disk->mutex_);
    if (const int code = self->disk->count_operation(); code != SQLITE_OK) return code;
    self->state->unsynced.push_back({size, {}, true});
    self->state->size = std::min(self->state->size, std::int64_t{size});
    return SQLITE_OK;
  }

  static int sync(sqlite3_file* file, int) {
    FaultFile* self = of(file);
    const std::lock_guard lock(self->disk->mutex_);
    if (const int code = self->disk->before_sync(); code != SQLITE_OK) return code;
    if (self->disk->ignores_syncs_) return SQLITE_OK;
    const auto* real = real_of(file)->pMethods;
    for (const FaultDisk::Write& write : self->state->unsynced) {
      if (write.is_truncate)
        real->xTruncate(real_of(file), write.offset);
      else
        real->xWrite(real_of(file), write.bytes.data(), static_cast<int>(write.bytes.size()),
                     write.offset);
    }
    self->state->unsynced.clear();
    self->state->real_size = self->state->size;
    return SQLITE_OK;
  }

  static int file_size(sqlite3_file* file, sqlite3_int64* size) {
    const std::lock_guard lock(of(file)->disk->mutex_);
    *size = of(file)->state->size;
    return SQLITE_OK;
  }

  static int control(sqlite3_file* file, int operation, void* argument) {
    if (operation == SQLITE_FCNTL_SIZE_HINT) return SQLITE_OK;  // It would touch the real file.
    return real_of(file)->pMethods->xFileControl(real_of(file), operation, argument);
  }

  static const sqlite3_io_methods& methods() {
    static const sqlite3_io_methods table = [] {
      sqlite3_io_methods m{};
      m.iVersion = 2;
      m.xClose = close;
      m.xRead = read;
      m.xWrite = write;
      m.xTruncate = truncate;
      m.xSync = sync;
      m.xFileSize = file_size;
      m.xLock = [](sqlite3_file* f, int level) {
        return real_of(f)->pMethods->xLock(real_of(f), level);
      };
      m.xUnlock = [](sqlite3_file* f, int level) {
        return real_of(f)->pMethods->xUnlock(real_of(f), level);
      };
      m.xCheckReservedLock = [](sqlite3_file* f, int* result) {
        return real_of(f)->pMethods->xCheckReservedLock(real_of(f), result);
      };
      m.xFileControl = control;
      m.xSectorSize = [](sqlite3_file* f) { return real_of(f)->pMethods->xSectorSize(real_of(f)); };
      m.xDeviceCharacteristics = [](sqlite3_file* f) {
        return real_of(f)->pMethods->xDeviceCharacteristics(real_of(f));
      };
      m.xShmMap = [](sqlite3_file* f, int page, int size, int extend, void volatile** memory) {
        return real_of(f)->pMethods->xShmMap(real_of(f), page, size, extend, memory);
      };
      m.xShmLock = [](sqlite3_file* f, int offset, int count, int flags) {
        return real_of(f)->pMethods->xShmLock(real_of(f), offset, count, flags);
      };
      m.xShmBarrier = [](sqlite3_file* f) { real_of(f)->pMethods->xShmBarrier(real_of(f)); };
      m.xShmUnmap = [](sqlite3_file* f, int remove) {
        return real_of(f)->pMethods->xShmUnmap(real_of(f), remove);
      };
      return m;
    }();
    return table;
  }

  static int open(sqlite3_vfs* vfs, const char* path, sqlite3_file* file, int flags,
                  int* out_flags) {
    auto* disk = static_cast<FaultDisk*>(vfs->pAppData);
    sqlite3_vfs* real = sqlite3_vfs_find(nullptr);
    auto* self = new (file) FaultFile{{nullptr}, disk, nullptr};
    const int code = real->xOpen(real, path, real_of(file), flags, out_flags);
    if (code != SQLITE_OK) return code;
    const std::lock_guard lock(disk->mutex_);
    const auto [found, is_new] = disk->files_.try_emplace(path ? path : "");
    self->state = &found->second;
    if (is_new) {
      sqlite3_int64 size = 0;
      real_of(file)->pMethods->xFileSize(real_of(file), &size);
      self->state->size = self->state->real_size = size;
    }
    self->base.pMethods = &methods();
    return SQLITE_OK;
  }

  static int remove(sqlite3_vfs* vfs, const char* path, int sync_directory) {
    auto* disk = static_cast<FaultDisk*>(vfs->pAppData);
    const std::lock_guard lock(disk->mutex_);
    if (const int code = disk->count_operation(); code != SQLITE_OK) return SQLITE_IOERR_DELETE;
    disk->files_.erase(path);
    sqlite3_vfs* real = sqlite3_vfs_find(nullptr);
    return real->xDelete(real, path, sync_directory);
  }
};

FaultDisk::FaultDisk() {
  static int count = 0;
  name_ = "fault" + std::to_string(++count);
  sqlite3_initialize();
  vfs_ = *sqlite3_vfs_find(nullptr);
  vfs_.pNext = nullptr;
  vfs_.zName = name_.c_str();
  vfs_.szOsFile += static_cast<int>(sizeof(FaultFile));
  vfs_.pAppData = this;
  vfs_.xOpen = FaultFile::open;
  vfs_.xDelete = FaultFile::remove;
  sqlite3_vfs_register(&vfs_, 0);
}

FaultDisk::~FaultDisk() {
  sqlite3_vfs_unregister(&vfs_);
}

void FaultDisk::cut_power_at(std::uint64_t operation) {
  const std::lock_guard lock(mutex_);
  cut_at_ = operation == 0 ? 0 : operations_ + operation;
}

void FaultDisk::cut_power() {
  const std::lock_guard lock(mutex_);
  has_power_ = false;
}

void FaultDisk::fail_write_at(std::uint64_t write) {
  const std::lock_guard lock(mutex_);
  fail_write_at_ = write == 0 ? 0 : writes_ + write;
}

void FaultDisk::fail_sync_at(std::uint64_t sync) {
  const std::lock_guard lock(mutex_);
  fail_sync_at_ = sync == 0 ? 0 : syncs_ + sync;
}

void FaultDisk::set_capacity(std::int64_t bytes) {
  const std::lock_guard lock(mutex_);
  capacity_ = bytes;
}

void FaultDisk::ignore_syncs(bool ignore) {
  const std::lock_guard lock(mutex_);
  ignores_syncs_ = ignore;
}

std::uint64_t FaultDisk::operations() const {
  const std::lock_guard lock(mutex_);
  return operations_;
}

std::uint64_t FaultDisk::syncs() const {
  const std::lock_guard lock(mutex_);
  return syncs_;
}

bool FaultDisk::has_power() const {
  const std::lock_guard lock(mutex_);
  return has_power_;
}

bool FaultDisk::has_failed() const {
  const std::lock_guard lock(mutex_);
  return has_failed_;
}

std::int64_t FaultDisk::used_bytes() const {
  const std::lock_guard lock(mutex_);
  std::int64_t total = 0;
  for (const auto& [path, file] : files_) total += file.size;
  return total;
}

int FaultDisk::count_operation() {
  if (++operations_ == cut_at_) has_power_ = false;
  return has_power_ ? SQLITE_OK : SQLITE_IOERR;
}

int FaultDisk::before_write(std::int64_t growth) {
  if (const int code = count_operation(); code != SQLITE_OK) return SQLITE_IOERR_WRITE;
  if (++writes_ == fail_write_at_) {
    has_failed_ = true;
    return SQLITE_IOERR_WRITE;
  }
  std::int64_t total = growth;
  if (capacity_ > 0)
    for (const auto& [path, file] : files_) total += file.size;
  return capacity_ > 0 && growth > 0 && total > capacity_ ? SQLITE_FULL : SQLITE_OK;
}

int FaultDisk::before_sync() {
  if (const int code = count_operation(); code != SQLITE_OK) return SQLITE_IOERR_FSYNC;
  if (++syncs_ == fail_sync_at_) {
    has_failed_ = true;
    return SQLITE_IOERR_FSYNC;
  }
  return SQLITE_OK;
}

void FaultDisk::apply(const std::string& path, const std::vector<Write>& writes) {
  for (const Write& write : writes) {
    if (write.is_truncate) {
      std::error_code ignored;
      std::filesystem::resize_file(path, static_cast<std::uintmax_t>(write.offset), ignored);
      continue;
    }
    std::fstream file(path, std::ios::binary | std::ios::in | std::ios::out);
    file.seekp(write.offset);
    file.write(write.bytes.data(), static_cast<std::streamsize>(write.bytes.size()));
  }
}

void FaultDisk::restart(std::uint64_t seed) {
  const std::lock_guard lock(mutex_);
  std::mt19937_64 random(seed);
  // From "nothing survived" over "half of it" to "everything did".
  const std::uint64_t survival_percent = random() % 5 * 25;
  const auto survives = [&] { return random() % 100 < survival_percent; };
  for (const auto& [path, file] : files_) {
    std::vector<Write> survivors;
    for (const Write& write : file.unsynced) {
      if (write.is_truncate) {
        if (survives()) survivors.push_back(write);
        continue;
      }
      const auto size = static_cast<std::int64_t>(write.bytes.size());
      for (std::int64_t at = 0; at < size;) {
        const std::int64_t piece =
            std::min(size - at, sector_bytes - (write.offset + at) % sector_bytes);
        if (survives())
          survivors.push_back(
              {write.offset + at,
               write.bytes.substr(static_cast<std::size_t>(at), static_cast<std::size_t>(piece))});
        at += piece;
      }
    }
    apply(path, survivors);
    std::error_code ignored;
    std::filesystem::remove(path + "-shm", ignored);
  }
  files_.clear();
  cut_at_ = fail_write_at_ = fail_sync_at_ = 0;
  has_power_ = true;
  has_failed_ = false;
}

void FaultDisk::settle() {
  const std::lock_guard lock(mutex_);
  for (auto& [path, file] : files_) {
    apply(path, file.unsynced);
    file.unsynced.clear();
    file.real_size = file.size;
  }
}

}  // namespace leveret::store::test
