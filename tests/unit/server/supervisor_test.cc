#include "supervisor.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <map>
#include <string>

namespace leveret::server {
namespace {

using namespace std::chrono_literals;

Supervisor supervisor_with(const std::map<std::string, std::string>& variables) {
  return Supervisor{[&](const char* name) -> const char* {
    const auto found = variables.find(name);
    return found == variables.end() ? nullptr : found->second.c_str();
  }};
}

/// A service manager's socket: what it is told.
class Manager {
 public:
  explicit Manager(const std::string& name) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path + 1, name.data(), name.size());
    const auto size = static_cast<socklen_t>(sizeof(sa_family_t) + 1 + name.size());
    if (::bind(socket_, reinterpret_cast<const sockaddr*>(&address), size) != 0) std::abort();
  }
  ~Manager() { ::close(socket_); }
  std::string told() {
    std::array<char, 200> text{};
    const ssize_t size = ::recv(socket_, text.data(), text.size(), MSG_DONTWAIT);
    return size < 0 ? "" : std::string{text.data(), static_cast<std::size_t>(size)};
  }

 private:
  int socket_ = ::socket(AF_UNIX, SOCK_DGRAM, 0);
};

TEST(Supervisor, IsToldHowWeAre) {
  const std::string name = "leveret-supervisor-test-" + std::to_string(getpid());
  Manager manager{name};
  const Supervisor supervisor = supervisor_with({{"NOTIFY_SOCKET", "@" + name}});
  supervisor.ready();
  EXPECT_EQ(manager.told(), "READY=1");
  supervisor.feed();
  EXPECT_EQ(manager.told(), "WATCHDOG=1");
  supervisor.reloading();
  EXPECT_EQ(manager.told().find("RELOADING=1\nMONOTONIC_USEC="), 0U);
  supervisor.stopping();
  EXPECT_EQ(manager.told(), "STOPPING=1");
}

TEST(Supervisor, ThatIsNotThereOrHasGoneIsNotTold) {
  supervisor_with({}).ready();
  supervisor_with({{"NOTIFY_SOCKET", "@nobody listens here"}}).ready();
  supervisor_with({{"NOTIFY_SOCKET", std::string(200, 'x')}}).ready();
}

TEST(Supervisor, IsFedTwiceWithinItsTime) {
  EXPECT_EQ(supervisor_with({}).watchdog_period(), std::nullopt);
  EXPECT_EQ(supervisor_with({{"WATCHDOG_USEC", "3000000"}}).watchdog_period(), 1500ms);
  const std::string pid = std::to_string(getpid());
  EXPECT_EQ(supervisor_with({{"WATCHDOG_USEC", "10"}, {"WATCHDOG_PID", pid}}).watchdog_period(),
            5us);
  EXPECT_EQ(supervisor_with({{"WATCHDOG_USEC", "10"}, {"WATCHDOG_PID", "1"}}).watchdog_period(),
            std::nullopt);
  for (const char* wrong : {"", "x", "1x", "-5", "0"})
    EXPECT_EQ(supervisor_with({{"WATCHDOG_USEC", wrong}}).watchdog_period(), std::nullopt);
}

}  // namespace
}  // namespace leveret::server
