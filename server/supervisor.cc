#include "supervisor.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <charconv>
#include <cstddef>
#include <cstring>
#include <ctime>
#include <string_view>

namespace leveret::server {
namespace {

std::optional<std::int64_t> number_in(const char* text) {
  if (text == nullptr) return std::nullopt;
  const std::string_view digits{text};
  std::int64_t number = 0;
  const auto [rest, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (error != std::errc{} || rest != digits.data() + digits.size()) return std::nullopt;
  return number;
}

}  // namespace

Supervisor::Supervisor(const Environment& environment) {
  if (const char* path = environment("NOTIFY_SOCKET")) socket_path_ = path;
  const auto microseconds = number_in(environment("WATCHDOG_USEC"));
  const auto pid = number_in(environment("WATCHDOG_PID"));
  if (microseconds && *microseconds > 1 && (!pid || *pid == getpid()))
    period_ = std::chrono::microseconds{*microseconds / 2};
}

void Supervisor::reloading() const {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  const std::int64_t microseconds = std::int64_t{now.tv_sec} * 1'000'000 + now.tv_nsec / 1'000;
  tell("RELOADING=1\nMONOTONIC_USEC=" + std::to_string(microseconds));
}

void Supervisor::tell(const std::string& text) const {
  sockaddr_un address{};
  // A name that begins with @ is one without a file (unix(7), abstract sockets).
  if (socket_path_.empty() || socket_path_.size() > sizeof(address.sun_path)) return;
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, socket_path_.data(), socket_path_.size());
  if (socket_path_.front() == '@') address.sun_path[0] = '\0';
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + socket_path_.size());
  const int socket = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (socket < 0) return;
  ::sendto(socket, text.data(), text.size(), MSG_NOSIGNAL,
           reinterpret_cast<const sockaddr*>(&address), size);
  ::close(socket);
}

}  // namespace leveret::server
