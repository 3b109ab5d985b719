#pragma once

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <cstring>
#include <map>
#include <string>

#include "supervisor.h"

namespace leveret::server::test {

inline Supervisor supervisor_with(const std::map<std::string, std::string>& variables) {
  return Supervisor{[&](const char* name) -> const char* {
    const auto found = variables.find(name);
    return found == variables.end() ? nullptr : found->second.c_str();
  }};
}

/// A service manager's socket: what it is told.
class ServiceManager {
 public:
  explicit ServiceManager(const std::string& name) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path + 1, name.data(), name.size());
    const auto size = static_cast<socklen_t>(sizeof(sa_family_t) + 1 + name.size());
    if (::bind(socket_, reinterpret_cast<const sockaddr*>(&address), size) != 0) std::abort();
  }
  ~ServiceManager() { ::close(socket_); }
  std::string told() {
    std::array<char, 200> text{};
    const ssize_t size = ::recv(socket_, text.data(), text.size(), MSG_DONTWAIT);
    return size < 0 ? "" : std::string{text.data(), static_cast<std::size_t>(size)};
  }

 private:
  int socket_ = ::socket(AF_UNIX, SOCK_DGRAM, 0);
};

}  // namespace leveret::server::test
