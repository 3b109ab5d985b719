#pragma once

#include <chrono>

namespace leveret::http {

/// The processor time that the calling thread has used: what work cost, whatever else the machine
/// was doing meanwhile.
std::chrono::nanoseconds thread_cpu_time();

}  // namespace leveret::http
