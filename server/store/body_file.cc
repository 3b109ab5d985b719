#include "store/body_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <system_error>

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

std::string text_of(const BodyPlace& place) {
  return std::to_string(place.file) + ' ' + std::to_string(place.offset) + ' ' +
         std::to_string(place.bytes);
}

std::optional<BodyPlace> read_body_place(std::string_view text) {
  BodyPlace place;
  const char* at = text.data();
  const char* const end = at + text.size();
  for (std::int64_t* number : {&place.file, &place.offset, &place.bytes}) {
    if (number != &place.file && (at == end || *at++ != ' ')) return std::nullopt;
    const auto read = std::from_chars(at, end, *number);
    if (read.ec != std::errc{} || *number < 0) return std::nullopt;
    at = read.ptr;
  }
  if (at != end) return std::nullopt;
  return place;
}

bool BodyFiles::exists(std::int64_t number) const {
  sqlite3_vfs& of = find_vfs(vfs_);
  int result = 0;
  of.xAccess(&of, path(number).c_str(), SQLITE_ACCESS_EXISTS, &result);
  return result != 0;
}

void BodyFiles::remove(std::int64_t number) const {
  sqlite3_vfs& of = find_vfs(vfs_);
  constexpr int sync_directory = 1;  // gone for good, or its number could not be forgotten
  const int code = of.xDelete(&of, path(number).c_str(), sync_directory);
  if (code != SQLITE_OK && code != SQLITE_IOERR_DELETE_NOENT)
    fail(path(number), "cannot be removed", code);
}

void BodyFiles::punch(const BodyPlace& place) const {
  const int fd = open_natively(place.file);
  if (fd < 0) return;
  ::fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, place.offset, place.bytes);
  ::close(fd);
}

void BodyFiles::leave_page_cache(std::int64_t number) const {
  const int fd = open_natively(number);
  if (fd < 0) return;
  ::posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
  ::close(fd);
}

/// For what a VFS cannot do; -1 where the file is none that the system knows.
int BodyFiles::open_natively(std::int64_t number) const {
  return vfs_.empty() ? ::open(path(number).c_str(), O_RDWR | O_CLOEXEC) : -1;
}

BodyFile::BodyFile(const BodyFiles& files, std::int64_t number, Use use)
    : path_(files.path(number)), number_(number) {
  const bool is_written_natively = use == Use::write && files.vfs().empty();
  if (is_written_natively) make_natively(path_);
  sqlite3_vfs& vfs = find_vfs(files.vfs());
  memory_ = std::make_unique<char[]>(static_cast<std::size_t>(vfs.szOsFile));
  auto* file = reinterpret_cast<sqlite3_file*>(memory_.get());
  file->pMethods = nullptr;
  const int flags =
      SQLITE_OPEN_SUPER_JOURNAL |
      (use == Use::read ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
  int out_flags = 0;
  const int code = vfs.xOpen(&vfs, path_.c_str(), file, flags, &out_flags);
  if (file->pMethods != nullptr) file_ = file;
  if (code != SQLITE_OK) {
    if (file_) file_->pMethods->xClose(file_);
    fail(path_, "cannot be opened", code);
  }
  if (is_written_natively) watched_.emplace(path_);
}

BodyFile::~BodyFile() {
  file_->pMethods->xClose(file_);
}

std::int64_t BodyFile::size() const {
  sqlite3_int64 size = 0;
  check(file_->pMethods->xFileSize(file_, &size), "its length cannot be read");
  return size;
}

void BodyFile::read(std::int64_t offset, std::span<char> to) {
  while (!to.empty()) {
    const std::size_t size = std::min(to.size(), piece_bytes);
    check(file_->pMethods->xRead(file_, to.data(), static_cast<int>(size), offset),
          "cannot be read");
    offset += static_cast<std::int64_t>(size);
    to = to.subspan(size);
  }
}

void BodyFile::write(std::int64_t offset, std::string_view bytes) {
  while (!bytes.empty()) {
    const std::size_t size = std::min(bytes.size(), piece_bytes);
    int code = file_->pMethods->xWrite(file_, bytes.data(), static_cast<int>(size), offset);
    if (code == SQLITE_IOERR_WRITE && last_errno() == EDQUOT) code = SQLITE_FULL;
    check(code, "cannot be written");
    offset += static_cast<std::int64_t>(size);
    bytes.remove_prefix(size);
  }
}

void BodyFile::sync() {
  check(file_->pMethods->xSync(file_, SQLITE_SYNC_NORMAL | SQLITE_SYNC_DATAONLY),
        "cannot be synced");
  if (watched_) watched_->check();
}

int BodyFile::last_errno() const {
  int error = 0;
  file_->pMethods->xFileControl(file_, SQLITE_FCNTL_LAST_ERRNO, &error);
  return error;
}

void BodyFile::check(int code, std::string_view what) const {
  if (code != SQLITE_OK) fail(path_, what, code);
}

}  // namespace leveret::store
