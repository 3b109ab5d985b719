#include "system_calls.h"

#include <sqlite3.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <limits>

namespace leveret::store::test {
namespace {

constexpr const char* write_call = "pwrite64";
constexpr int never = std::numeric_limits<int>::max();

std::atomic<int> writes;
std::atomic<int> first_failure = never;
std::atomic<int> last_failure = never;
std::atomic<int> failure;
std::atomic<bool> is_in_pieces;
std::atomic<bool> has_happened;

ssize_t write(int fd, const void* bytes, std::size_t size, off64_t offset) {
  const int n = ++writes;
  if (n >= first_failure && n <= last_failure) {
    has_happened = true;
    errno = failure;
    return -1;
  }
  if (!is_in_pieces) return ::pwrite64(fd, bytes, size, offset);
  has_happened = true;
  if (n % 2 == 0) {
    errno = EINTR;
    return -1;
  }
  return ::pwrite64(fd, bytes, (size + 2) / 3, offset);
}

void set_up_failure(int first, int last, int error) {
  has_happened = false;
  writes = 0;
  failure = error;
  last_failure = last;
  first_failure = first;
}

}  // namespace

SystemCalls::SystemCalls() {
  heal();
  sqlite3_initialize();
  sqlite3_vfs* vfs = sqlite3_vfs_find(nullptr);
  vfs->xSetSystemCall(vfs, write_call, reinterpret_cast<sqlite3_syscall_ptr>(write));
}

SystemCalls::~SystemCalls() {
  sqlite3_vfs* vfs = sqlite3_vfs_find(nullptr);
  vfs->xSetSystemCall(vfs, write_call, nullptr);
}

void SystemCalls::fail_write_at(int n, int error) {
  set_up_failure(n, n, error);
}

void SystemCalls::fail_writes_from(int n, int error) {
  set_up_failure(n, never, error);
}

void SystemCalls::write_in_pieces() {
  is_in_pieces = true;
}

void SystemCalls::heal() {
  first_failure = never;
  is_in_pieces = false;
}

bool SystemCalls::has_come() const {
  return has_happened;
}

}  // namespace leveret::store::test
