#include "privileges.h"

#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "server.h"

namespace leveret::server {
namespace {

[[noreturn]] void fail(const std::string& what, int error) {
  throw StartError{"run_as: " + what + ": " + std::strerror(error), exit_config};
}

/// One that is there already is his, or he cannot open what is in it and says so himself.
void make_data_dir(const std::string& path, const passwd& user) {
  if (path.empty()) return;
  if (::mkdir(path.c_str(), 0700) != 0) {
    if (errno == EEXIST) return;
    fail("cannot make " + path, errno);
  }
  if (::chown(path.c_str(), user.pw_uid, user.pw_gid) != 0) fail("cannot give away " + path, errno);
}

}  // namespace

void become(const std::string& user, const std::string& data_dir) {
  if (user.empty()) return;
  errno = 0;
  const passwd* entry = ::getpwnam(user.c_str());
  if (entry == nullptr)
    throw StartError{"run_as: there is no user '" + user + "' on this machine", exit_config};
  if (entry->pw_uid == ::geteuid()) return;
  if (::geteuid() != 0)
    throw StartError{
        "run_as: only root can become '" + user + "'; start as him, or leave run_as empty",
        exit_config};
  make_data_dir(data_dir, *entry);
  if (::initgroups(entry->pw_name, entry->pw_gid) != 0) fail("cannot take his groups", errno);
  if (::setgid(entry->pw_gid) != 0) fail("cannot take his group", errno);
  if (::setuid(entry->pw_uid) != 0) fail("cannot become '" + user + "'", errno);
  if (::setuid(0) == 0)
    throw StartError{"run_as: root's rights came back, which must not be", exit_config};
}

}  // namespace leveret::server
