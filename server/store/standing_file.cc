#include "store/standing_file.h"

#include <sys/stat.h>

#include <cerrno>

#include "store/sqlite.h"

namespace leveret::store {

bool StandingFile::is_gone() const {
  if (!there_) return false;
  const Look now = look(path_);
  return now.is_missing || (now.there && now.there != there_);
}

void StandingFile::check() const {
  if (is_gone())
    throw StoreError(gone_text(path_,
                               "Nothing is confirmed from now on, and the broker ends. What was in "
                               "it, confirmed messages among it, is lost unless the file is put "
                               "back: restore the data directory from a backup"),
                     SQLITE_READONLY_DBMOVED);
}

StandingFile::Look StandingFile::look(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) == 0)
    return {.there = Identity{status.st_dev, status.st_ino}, .is_missing = false};
  return {.there = {}, .is_missing = errno == ENOENT || errno == ENOTDIR};
}

std::string gone_text(const std::string& path, const std::string& rest) {
  return path + " was removed or replaced while the broker was using it. " + rest +
         ". Nothing but leveretd may remove, move or replace files in the data directory while it "
         "runs";
}

}  // namespace leveret::store
