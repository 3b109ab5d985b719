#include "base/this_thread.h"

#include <pthread.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>

namespace leveret::this_thread {
namespace {

/// struct sched_attr of the kernel, as sched_setattr(2) shows it; Debian's libc has no such calls.
struct SchedulingAttributes {
  std::uint32_t size = sizeof(SchedulingAttributes);
  std::uint32_t policy = 0;
  std::uint64_t flags = 0;
  std::int32_t nice = 0;
  std::uint32_t priority = 0;
  std::uint64_t runtime_ns = 0;
  std::uint64_t deadline_ns = 0;
  std::uint64_t period_ns = 0;
};

}  // namespace

void set_name(const char* name) {
  pthread_setname_np(pthread_self(), name);
}

/// On Linux a thread has a nice value of its own (sched(7), "The nice value").
void give_way(int steps) {
  constexpr int most = 19;
  const auto id = static_cast<id_t>(gettid());
  setpriority(PRIO_PROCESS, id, std::min(most, getpriority(PRIO_PROCESS, id) + steps));
}

void be_prompt() {
  SchedulingAttributes attributes;
  if (syscall(SYS_sched_getattr, 0, &attributes, sizeof attributes, 0) != 0) return;
  attributes.runtime_ns = 100'000;
  syscall(SYS_sched_setattr, 0, &attributes, 0);
}

}  // namespace leveret::this_thread
