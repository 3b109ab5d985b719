#include "store/body_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <charconv>
#include <system_error>

namespace leveret::store {

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
  return file_exists(path(number), vfs_);
}

void BodyFiles::remove(std::int64_t number) const {
  remove_file(path(number), vfs_);
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

}  // namespace leveret::store
