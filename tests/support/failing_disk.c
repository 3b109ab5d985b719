// Loaded into a broker before the C library (LD_PRELOAD): makes its syncs and writes fail as the
// test says, in a file that both have mapped (FAILING_DISK names it). See failing_disk.py.

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/types.h>
#include <unistd.h>

enum { calls_sync = 1, calls_write = 2, calls_make = 3 };

static struct {
  _Atomic int32_t call;       // Which calls it is about; none when 0.
  _Atomic int32_t countdown;  // Those still to succeed before all fail.
  int32_t error;              // errno; 0: only half of what is to be written is.
  char part[52];              // Of the file's path.
}* control;

__attribute__((constructor)) static void map_control(void) {
  const int fd = open(getenv("FAILING_DISK"), O_RDWR | O_CLOEXEC);
  control = mmap(NULL, sizeof *control, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (fd < 0 || control == MAP_FAILED) abort();
  close(fd);
}

static int is_due_for(int call, const char* path) {
  if (control == NULL || control->call != call || strstr(path, control->part) == NULL) return 0;
  return atomic_fetch_sub(&control->countdown, 1) <= 0;
}

static int is_due(int call, int fd) {
  if (control->call != call) return 0;
  char link[32], path[4096];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  const ssize_t size = readlink(link, path, sizeof path - 1);
  if (size < 0) return 0;
  path[size] = '\0';
  return is_due_for(call, path);
}

static int sync_as(const char* name, int fd) {
  if (is_due(calls_sync, fd)) {
    errno = control->error;
    return -1;
  }
  int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, name);
  return real(fd);
}

int fsync(int fd) { return sync_as("fsync", fd); }
int fdatasync(int fd) { return sync_as("fdatasync", fd); }

ssize_t pwrite64(int fd, const void* bytes, size_t size, off64_t offset) {
  if (is_due(calls_write, fd)) {
    if (control->error != 0) {
      errno = control->error;
      return -1;
    }
    size = (size + 1) / 2;
  }
  ssize_t (*real)(int, const void*, size_t, off64_t) =
      (ssize_t (*)(int, const void*, size_t, off64_t))dlsym(RTLD_NEXT, "pwrite64");
  return real(fd, bytes, size, offset);
}

static int open_as(const char* name, const char* path, int flags, mode_t mode) {
  if ((flags & O_CREAT) != 0 && is_due_for(calls_make, path)) {
    errno = control->error;
    return -1;
  }
  int (*real)(const char*, int, ...) = (int (*)(const char*, int, ...))dlsym(RTLD_NEXT, name);
  return real(path, flags, mode);
}

static mode_t mode_of(int flags, va_list arguments) {
  return (flags & O_CREAT) != 0 ? va_arg(arguments, mode_t) : 0;
}

int open(const char* path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = mode_of(flags, arguments);
  va_end(arguments);
  return open_as("open", path, flags, mode);
}

int open64(const char* path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = mode_of(flags, arguments);
  va_end(arguments);
  return open_as("open64", path, flags, mode);
}
