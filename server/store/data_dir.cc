#include "store/data_dir.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <filesystem>
#include <system_error>
#include <utility>

#include "base/log.h"
#include "store/sqlite.h"

namespace leveret::store {
namespace {

[[noreturn]] void fail(const std::string& path, const std::string& what, int error) {
  throw StoreError("data directory " + path + ": " + what + ": " +
                   std::generic_category().message(error));
}

/// Makes the directory itself; its parents are made readable as usual.
void make_directory(const std::string& path) {
  const std::filesystem::path parent = std::filesystem::path(path).parent_path();
  std::error_code error;
  if (!parent.empty()) std::filesystem::create_directories(parent, error);
  if (error) fail(path, "cannot be made", error.value());
  if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) fail(path, "cannot be made", errno);
  // Its name must outlive a power cut as its files do.
  const int fd = ::open(parent.empty() ? "." : parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return;
  ::fsync(fd);
  ::close(fd);
}

std::string read_text(int fd) {
  char text[32];
  const ssize_t size = ::pread(fd, text, sizeof text, 0);
  std::string digits;
  for (ssize_t i = 0; i < size && text[i] >= '0' && text[i] <= '9'; ++i) digits += text[i];
  return digits;
}

}  // namespace

DataDir::DataDir(std::string path) : path_(std::move(path)) {
  while (path_.size() > 1 && path_.ends_with('/')) path_.pop_back();
  make_directory(path_);
  const std::string lock = path_ + "/lock";
  lock_fd_ = ::open(lock.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (lock_fd_ < 0) fail(path_, "cannot open its lock file", errno);
  if (::flock(lock_fd_, LOCK_EX | LOCK_NB) != 0) {
    const int error = errno;
    const std::string holder = read_text(lock_fd_);
    ::close(lock_fd_);
    if (error != EWOULDBLOCK) fail(path_, "cannot be locked", error);
    throw StoreError("data directory " + path_ + " is in use by process " +
                     (holder.empty() ? "(unknown)" : holder) +
                     "; stop that broker, or start this one with another --data-dir");
  }
  const std::string pid = std::to_string(::getpid()) + "\n";
  if (::ftruncate(lock_fd_, 0) != 0 ||
      ::pwrite(lock_fd_, pid.data(), pid.size(), 0) != static_cast<ssize_t>(pid.size())) {
    // Only the text for the second broker is missing; on a full disk we still want to start.
  }
}

DataDir::~DataDir() {
  if (!is_in_memory()) ::close(lock_fd_);
}

std::string DataDir::vhost_file(std::int64_t id) const {
  return file("vhost-" + std::to_string(id) + ".db");
}

void DataDir::remove_vhost_files(std::int64_t id) const {
  if (is_in_memory()) return;  // It went when its last connection was closed.
  // The main file last: as long as it is there the others are found, and go at the next start.
  const std::string main = vhost_file(id);
  std::vector<std::string> files{main + "-wal", main + "-shm", main + "-journal", main + "-redo"};
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator{path_, error})
    for (const char* kind : {"-bodies-", "-transient"})
      if (entry.path().string().starts_with(main + kind)) files.push_back(entry.path());
  files.push_back(main);
  for (const std::string& file : files) {
    std::filesystem::remove(file, error);
    if (error)
      log::error("cannot remove " + file + ": " + error.message() +
                 "; it belongs to a virtual host that has been deleted");
  }
}

bool DataDir::remove_transient_files() const {
  bool is_any_removed = false;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator{path_, error})
    if (entry.path().filename().string().find(".db-transient") != std::string::npos)
      is_any_removed = std::filesystem::remove(entry.path(), error) || is_any_removed;
  return is_any_removed;
}

std::vector<std::int64_t> DataDir::vhost_ids() const {
  std::vector<std::int64_t> ids;
  if (is_in_memory()) return ids;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator{path_, error}) {
    const std::string name = entry.path().filename();
    std::int64_t id = 0;
    constexpr std::string_view prefix = "vhost-";
    if (!name.starts_with(prefix)) continue;
    const auto read = std::from_chars(name.data() + prefix.size(), name.data() + name.size(), id);
    if (read.ec == std::errc{} && std::string_view{read.ptr} == ".db") ids.push_back(id);
  }
  return ids;
}

}  // namespace leveret::store
