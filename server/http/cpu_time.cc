#include "http/cpu_time.h"

#include <ctime>

namespace leveret::http {

std::chrono::nanoseconds thread_cpu_time() {
  std::timespec used{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
  return std::chrono::seconds{used.tv_sec} + std::chrono::nanoseconds{used.tv_nsec};
}

}  // namespace leveret::http
