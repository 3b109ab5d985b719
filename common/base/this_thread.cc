#include "base/this_thread.h"

#include <pthread.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>

namespace leveret::this_thread {

void set_name(const char* name) {
  pthread_setname_np(pthread_self(), name);
}

/// On Linux a thread has a nice value of its own (sched(7), "The nice value").
void give_way(int steps) {
  constexpr int most = 19;
  const auto id = static_cast<id_t>(gettid());
  setpriority(PRIO_PROCESS, id, std::min(most, getpriority(PRIO_PROCESS, id) + steps));
}

}  // namespace leveret::this_thread
