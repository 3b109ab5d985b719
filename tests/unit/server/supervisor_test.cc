#include "supervisor.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <string>

#include "service_manager.h"

namespace leveret::server {
namespace {

using test::ServiceManager;
using test::supervisor_with;

using namespace std::chrono_literals;

TEST(Supervisor, IsToldHowWeAre) {
  const std::string name = "leveret-supervisor-test-" + std::to_string(getpid());
  ServiceManager manager{name};
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
