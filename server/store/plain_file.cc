#include "store/plain_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

#include "store/sqlite.h"

namespace leveret::store {
namespace {

/// SQLite's own files take less than 128 KiB at once.
constexpr std::size_t piece_bytes = std::size_t{1} << 16U;

sqlite3_vfs& find_vfs(const std::string& name) {
  sqlite3_vfs* vfs = sqlite3_vfs_find(name.empty() ? nullptr : name.c_str());
  if (vfs == nullptr) throw StoreError("there is no SQLite VFS named " + name);
  return *vfs;
}

[[noreturn]] void fail(const std::string& path, std::string_view what, int code) {
  throw StoreError(path + ": " + std::string{what} + ": " + sqlite3_errstr(code) + " [sqlite " +
                       std::to_string(code) + "]",
                   code);
}

/// SQLite tries again without making the file and so hides why it could not be made: on a full disk
/// or one without room for more names that is no failure.
void make_natively(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  const int error = errno;
  if (fd < 0)
    throw StoreError(path + ": cannot be made: " + std::generic_category().message(error),
                     error == ENOSPC || error == EDQUOT ? SQLITE_FULL : SQLITE_CANTOPEN);
  ::close(fd);
}

}  // namespace

bool file_exists(const std::string& path, const std::string& vfs) {
  sqlite3_vfs& of = find_vfs(vfs);
  int result = 0;
  of.xAccess(&of, path.c_str(), SQLITE_ACCESS_EXISTS, &result);
  return result != 0;
}

void remove_file(const std::string& path, const std::string& vfs) {
  sqlite3_vfs& of = find_vfs(vfs);
  constexpr int sync_directory = 1;  // gone for good, or its name could not be used again
  const int code = of.xDelete(&of, path.c_str(), sync_directory);
  if (code != SQLITE_OK && code != SQLITE_IOERR_DELETE_NOENT) fail(path, "cannot be removed", code);
}

PlainFile::PlainFile(std::string path, const std::string& vfs, Use use) : path_(std::move(path)) {
  const bool is_written_natively = use == Use::write && vfs.empty();
  if (is_written_natively) make_natively(path_);
  sqlite3_vfs& of = find_vfs(vfs);
  memory_ = std::make_unique<char[]>(static_cast<std::size_t>(of.szOsFile));
  auto* file = reinterpret_cast<sqlite3_file*>(memory_.get());
  file->pMethods = nullptr;
  const int flags =
      SQLITE_OPEN_SUPER_JOURNAL |
      (use == Use::read ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
  int out_flags = 0;
  const int code = of.xOpen(&of, path_.c_str(), file, flags, &out_flags);
  if (file->pMethods != nullptr) file_ = file;
  if (code != SQLITE_OK) {
    if (file_) file_->pMethods->xClose(file_);
    fail(path_, "cannot be opened", code);
  }
  if (is_written_natively) watched_.emplace(path_);
}

PlainFile::~PlainFile() {
  file_->pMethods->xClose(file_);
}

std::int64_t PlainFile::size() const {
  sqlite3_int64 size = 0;
  check(file_->pMethods->xFileSize(file_, &size), "its length cannot be read");
  return size;
}

void PlainFile::read(std::int64_t offset, std::span<char> to) {
  while (!to.empty()) {
    const std::size_t size = std::min(to.size(), piece_bytes);
    check(file_->pMethods->xRead(file_, to.data(), static_cast<int>(size), offset),
          "cannot be read");
    offset += static_cast<std::int64_t>(size);
    to = to.subspan(size);
  }
}

void PlainFile::write(std::int64_t offset, std::string_view bytes) {
  while (!bytes.empty()) {
    const std::size_t size = std::min(bytes.size(), piece_bytes);
    int code = file_->pMethods->xWrite(file_, bytes.data(), static_cast<int>(size), offset);
    if (code == SQLITE_IOERR_WRITE && last_errno() == EDQUOT) code = SQLITE_FULL;
    check(code, "cannot be written");
    offset += static_cast<std::int64_t>(size);
    bytes.remove_prefix(size);
  }
}

void PlainFile::sync() {
  check(file_->pMethods->xSync(file_, SQLITE_SYNC_NORMAL | SQLITE_SYNC_DATAONLY),
        "cannot be synced");
  if (watched_) watched_->check();
}

int PlainFile::last_errno() const {
  int error = 0;
  file_->pMethods->xFileControl(file_, SQLITE_FCNTL_LAST_ERRNO, &error);
  return error;
}

void PlainFile::check(int code, std::string_view what) const {
  if (code != SQLITE_OK) fail(path_, what, code);
}

}  // namespace leveret::store
