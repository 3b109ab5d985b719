#include "sim/disk.h"

#include <algorithm>
#include <cstring>
#include <new>
#include <utility>

#include "sim/random.h"

namespace leveret::sim {
namespace {

constexpr std::int64_t sector_bytes = 512;
/// 2020-01-01 as a Julian day in milliseconds: SQLite's own clock stands still.
constexpr sqlite3_int64 julian_now = 212444596800000;
constexpr unsigned shared_locks = SQLITE_SHM_NLOCK;

}  // namespace

/// SQLite's file object.
struct DiskFile {
  sqlite3_file base;
  Disk* disk;
  Disk::File* file;
  std::string* path;
  /// Its first sync is also one of the directory, as with SQLite's own VFS.
  bool syncs_directory;
  int level;
  std::uint32_t shared_mask;
  std::uint32_t exclusive_mask;

  static DiskFile* of(sqlite3_file* file) { return reinterpret_cast<DiskFile*>(file); }

  static int close(sqlite3_file* file) {
    DiskFile* self = of(file);
    std::erase(self->file->opened, self);
    if (self->file->opened.empty()) self->file->shared.clear();
    delete self->path;
    return SQLITE_OK;
  }

  static int read(sqlite3_file* file, void* buffer, int size, sqlite3_int64 offset) {
    const DiskFile* self = of(file);
    if (self->disk->is_stopped_) return SQLITE_IOERR_READ;
    const std::string& content = self->file->current;
    const auto length = static_cast<std::int64_t>(content.size());
    const auto there = static_cast<int>(std::clamp<std::int64_t>(length - offset, 0, size));
    auto* bytes = static_cast<char*>(buffer);
    if (there > 0) std::memcpy(bytes, content.data() + offset, static_cast<std::size_t>(there));
    std::memset(bytes + there, 0, static_cast<std::size_t>(size - there));
    return there == size ? SQLITE_OK : SQLITE_IOERR_SHORT_READ;
  }

  static int write(sqlite3_file* file, const void* buffer, int size, sqlite3_int64 offset) {
    const DiskFile* self = of(file);
    const auto* bytes = static_cast<const char*>(buffer);
    const auto count = static_cast<std::size_t>(size);
    const auto length = static_cast<std::int64_t>(self->file->current.size());
    const std::int64_t growth = std::max<std::int64_t>(0, offset + size - length);
    if (const int code = self->disk->before_write(*self->path, offset, growth, bytes, count);
        code != SQLITE_OK)
      return code;
    self->file->unsynced.push_back({offset, std::string(bytes, count)});
    Disk::apply(self->file->current, self->file->unsynced.back());
    return SQLITE_OK;
  }

  static int truncate(sqlite3_file* file, sqlite3_int64 size) {
    const DiskFile* self = of(file);
    if (self->disk->begin_operation(static_cast<std::uint64_t>(size)) != SQLITE_OK)
      return SQLITE_IOERR_TRUNCATE;
    self->file->unsynced.push_back({size, {}, true});
    Disk::apply(self->file->current, self->file->unsynced.back());
    return SQLITE_OK;
  }

  static int sync(sqlite3_file* file, int) {
    DiskFile* self = of(file);
    if (const int code = self->disk->before_sync(*self->file); code != SQLITE_OK) return code;
    if (self->disk->ignores_syncs_) return SQLITE_OK;
    Disk::File& synced = *self->file;
    for (const Disk::Write& each : synced.unsynced) Disk::apply(synced.durable, each);
    synced.unsynced.clear();
    if (std::exchange(self->syncs_directory, false)) self->disk->sync_directory();
    return SQLITE_OK;
  }

  static int file_size(sqlite3_file* file, sqlite3_int64* size) {
    *size = static_cast<sqlite3_int64>(of(file)->file->current.size());
    return SQLITE_OK;
  }

  int highest_of_others() const {
    int highest = SQLITE_LOCK_NONE;
    for (const DiskFile* other : file->opened)
      if (other != this) highest = std::max(highest, other->level);
    return highest;
  }

  static int lock(sqlite3_file* file, int level) {
    DiskFile* self = of(file);
    if (level <= self->level) return SQLITE_OK;
    const int others = self->highest_of_others();
    if (level == SQLITE_LOCK_SHARED && others >= SQLITE_LOCK_PENDING) return SQLITE_BUSY;
    if (level >= SQLITE_LOCK_RESERVED && others >= SQLITE_LOCK_RESERVED) return SQLITE_BUSY;
    if (level == SQLITE_LOCK_EXCLUSIVE && others >= SQLITE_LOCK_SHARED) {
      self->level = SQLITE_LOCK_PENDING;
      return SQLITE_BUSY;
    }
    self->level = level;
    return SQLITE_OK;
  }

  static int unlock(sqlite3_file* file, int level) {
    of(file)->level = std::min(of(file)->level, level);
    return SQLITE_OK;
  }

  static int check_reserved(sqlite3_file* file, int* result) {
    const DiskFile* self = of(file);
    *result = std::max(self->level, self->highest_of_others()) >= SQLITE_LOCK_RESERVED ? 1 : 0;
    return SQLITE_OK;
  }

  static int shm_map(sqlite3_file* file, int region, int size, int extend, void volatile** memory) {
    auto& shared = of(file)->file->shared;
    const auto index = static_cast<std::size_t>(region);
    *memory = nullptr;
    if (of(file)->disk->is_stopped_) return SQLITE_IOERR_SHMMAP;
    if (index >= shared.size() && extend == 0) return SQLITE_OK;
    while (shared.size() <= index)
      shared.push_back(std::make_unique<char[]>(static_cast<std::size_t>(size)));
    *memory = shared[index].get();
    return SQLITE_OK;
  }

  static int shm_lock(sqlite3_file* file, int offset, int count, int flags) {
    DiskFile* self = of(file);
    const std::uint32_t mask = ((1U << static_cast<unsigned>(count)) - 1U)
                               << static_cast<unsigned>(offset);
    if ((flags & SQLITE_SHM_UNLOCK) != 0) {
      self->shared_mask &= ~mask;
      self->exclusive_mask &= ~mask;
      return SQLITE_OK;
    }
    const bool is_exclusive = (flags & SQLITE_SHM_EXCLUSIVE) != 0;
    for (const DiskFile* other : self->file->opened) {
      if (other == self) continue;
      const std::uint32_t held = other->exclusive_mask | (is_exclusive ? other->shared_mask : 0U);
      if ((held & mask) != 0) return SQLITE_BUSY;
    }
    (is_exclusive ? self->exclusive_mask : self->shared_mask) |= mask;
    return SQLITE_OK;
  }

  static const sqlite3_io_methods& methods() {
    static const sqlite3_io_methods table = [] {
      static_assert(shared_locks <= 32);
      sqlite3_io_methods m{};
      m.iVersion = 2;
      m.xClose = close;
      m.xRead = read;
      m.xWrite = write;
      m.xTruncate = truncate;
      m.xSync = sync;
      m.xFileSize = file_size;
      m.xLock = lock;
      m.xUnlock = unlock;
      m.xCheckReservedLock = check_reserved;
      m.xFileControl = [](sqlite3_file*, int, void*) { return SQLITE_NOTFOUND; };
      m.xSectorSize = [](sqlite3_file*) { return 4096; };
      // As SQLite takes every disk that it knows nothing of: a write damages no other bytes.
      m.xDeviceCharacteristics = [](sqlite3_file*) { return SQLITE_IOCAP_POWERSAFE_OVERWRITE; };
      m.xShmMap = shm_map;
      m.xShmLock = shm_lock;
      m.xShmBarrier = [](sqlite3_file*) {};
      m.xShmUnmap = [](sqlite3_file* file, int) {
        of(file)->shared_mask = of(file)->exclusive_mask = 0;
        return SQLITE_OK;
      };
      return m;
    }();
    return table;
  }

  static int open(sqlite3_vfs* vfs, const char* path, sqlite3_file* file, int flags,
                  int* out_flags) {
    auto* disk = static_cast<Disk*>(vfs->pAppData);
    file->pMethods = nullptr;
    if (disk->is_stopped_) return SQLITE_CANTOPEN;
    const std::string name = path ? path : "(temporary)";
    auto& opened = disk->files_[name];
    if (!opened) opened = std::make_unique<Disk::File>();
    const bool is_new = !opened->exists;
    if (is_new && (flags & SQLITE_OPEN_CREATE) == 0) return SQLITE_CANTOPEN;
    opened->exists = true;
    constexpr int journals = SQLITE_OPEN_MAIN_JOURNAL | SQLITE_OPEN_SUPER_JOURNAL | SQLITE_OPEN_WAL;
    auto* self = new (file) DiskFile{{&methods()},
                                     disk,
                                     opened.get(),
                                     new std::string(name),
                                     is_new && (flags & journals) != 0,
                                     SQLITE_LOCK_NONE,
                                     0,
                                     0};
    opened->opened.push_back(self);
    if (out_flags) *out_flags = flags;
    return SQLITE_OK;
  }

  static int remove(sqlite3_vfs* vfs, const char* path, int sync_directory) {
    auto* disk = static_cast<Disk*>(vfs->pAppData);
    if (disk->begin_operation(hash_of(path)) != SQLITE_OK) return SQLITE_IOERR_DELETE;
    const auto found = disk->files_.find(path);
    if (found == disk->files_.end() || !found->second->exists) return SQLITE_IOERR_DELETE_NOENT;
    Disk::File& removed = *found->second;
    removed.exists = false;
    removed.current.clear();
    removed.unsynced.clear();
    if (sync_directory != 0) disk->sync_directory();
    return SQLITE_OK;
  }
};

Disk::Disk(std::uint64_t seed) : random_(seed) {
  static int count = 0;
  name_ = "sim" + std::to_string(++count);
  vfs_.iVersion = 2;
  vfs_.szOsFile = sizeof(DiskFile);
  vfs_.mxPathname = 512;
  vfs_.zName = name_.c_str();
  vfs_.pAppData = this;
  vfs_.xOpen = DiskFile::open;
  vfs_.xDelete = DiskFile::remove;
  vfs_.xAccess = [](sqlite3_vfs* vfs, const char* path, int, int* result) {
    const auto& files = static_cast<Disk*>(vfs->pAppData)->files_;
    const auto found = files.find(path);
    // An empty file is as good as none, as with SQLite's own VFS.
    const bool is_there = found != files.end() && found->second->exists;
    *result = is_there && !found->second->current.empty() ? 1 : 0;
    return SQLITE_OK;
  };
  vfs_.xFullPathname = [](sqlite3_vfs*, const char* path, int size, char* out) {
    sqlite3_snprintf(size, out, "%s", path);
    return SQLITE_OK;
  };
  vfs_.xRandomness = [](sqlite3_vfs* vfs, int size, char* out) {
    Random random(++static_cast<Disk*>(vfs->pAppData)->random_);
    for (int i = 0; i < size; ++i) out[i] = static_cast<char>(random.next());
    return size;
  };
  vfs_.xSleep = [](sqlite3_vfs*, int microseconds) { return microseconds; };
  vfs_.xCurrentTime = [](sqlite3_vfs*, double* now) {
    *now = static_cast<double>(julian_now) / 86'400'000.0;
    return SQLITE_OK;
  };
  vfs_.xCurrentTimeInt64 = [](sqlite3_vfs*, sqlite3_int64* now) {
    *now = julian_now;
    return SQLITE_OK;
  };
  vfs_.xGetLastError = [](sqlite3_vfs*, int, char*) { return 0; };
  sqlite3_initialize();
  sqlite3_vfs_register(&vfs_, 0);
  // The salts of a write-ahead log come from SQLite's own generator, which is one per process.
  sqlite3_test_control(SQLITE_TESTCTRL_PRNG_SEED, static_cast<int>(seed & 0x7fffffffU) | 1,
                       nullptr);
}

Disk::~Disk() {
  sqlite3_vfs_unregister(&vfs_);
}

std::int64_t Disk::used_bytes() const {
  std::int64_t total = 0;
  for (const auto& [path, file] : files_) total += static_cast<std::int64_t>(file->current.size());
  return total;
}

int Disk::begin_operation(std::uint64_t digest) {
  if (on_operation && !is_stopped_) on_operation();
  ++operations_;
  hash_ = hash_of(digest, hash_);
  if (stop_at_ != 0 && operations_ >= stop_at_) is_stopped_ = true;
  return is_stopped_ ? SQLITE_IOERR : SQLITE_OK;
}

int Disk::before_write(const std::string& path, std::int64_t offset, std::int64_t growth,
                       const char* bytes, std::size_t size) {
  const std::uint64_t digest = hash_of(std::string_view(bytes, size),
                                       hash_of(static_cast<std::uint64_t>(offset), hash_of(path)));
  if (begin_operation(digest) != SQLITE_OK) return SQLITE_IOERR_WRITE;
  if (++writes_ == fail_write_at_) return SQLITE_IOERR_WRITE;
  return capacity_ > 0 && growth > 0 && used_bytes() + growth > capacity_ ? SQLITE_FULL : SQLITE_OK;
}

int Disk::before_sync(File& file) {
  if (begin_operation(file.unsynced.size()) != SQLITE_OK) return SQLITE_IOERR_FSYNC;
  if (++syncs_ != fail_sync_at_) return SQLITE_OK;
  Random random(++random_);
  save_part(file, random, 50);
  return SQLITE_IOERR_FSYNC;
}

void Disk::sync_directory() {
  for (auto& [path, file] : files_) {
    file->exists_durably = file->exists;
    if (!file->exists) file->durable.clear();
  }
}

void Disk::apply(std::string& content, const Write& write) {
  const auto offset = static_cast<std::size_t>(write.offset);
  if (write.is_truncation) {
    content.resize(std::min(content.size(), offset));
    return;
  }
  if (content.size() < offset + write.bytes.size()) content.resize(offset + write.bytes.size());
  std::memcpy(content.data() + offset, write.bytes.data(), write.bytes.size());
}

void Disk::forget_faults() {
  stop_at_ = fail_write_at_ = fail_sync_at_ = 0;
  is_stopped_ = false;
  for (auto& [path, file] : files_) file->shared.clear();
}

void Disk::restart_after_kill() {
  forget_faults();
}

void Disk::restart_after_power_cut(std::uint64_t seed) {
  Random random(seed);
  // From "nothing survived" over "half of it" to "everything did".
  const std::uint32_t percent = random.below(5) * 25;
  for (auto& [path, file] : files_) {
    if (file->exists != file->exists_durably && random.below(100) >= percent)
      file->exists = file->exists_durably;
    save_part(*file, random, percent);
    if (!file->exists) file->durable.clear();
    file->current = file->durable;
    file->exists_durably = file->exists;
  }
  forget_faults();
}

void Disk::save_part(File& file, Random& random, std::uint32_t percent) {
  for (const Write& write : file.unsynced) {
    if (write.is_truncation) {
      if (random.below(100) < percent) apply(file.durable, write);
      continue;
    }
    const auto size = static_cast<std::int64_t>(write.bytes.size());
    for (std::int64_t at = 0; at < size;) {
      const std::int64_t piece =
          std::min(size - at, sector_bytes - (write.offset + at) % sector_bytes);
      if (random.below(100) < percent)
        apply(file.durable,
              {write.offset + at,
               write.bytes.substr(static_cast<std::size_t>(at), static_cast<std::size_t>(piece))});
      at += piece;
    }
  }
  file.unsynced.clear();
}

}  // namespace leveret::sim
