#pragma once

/// What the operating system is told of the thread that calls.
namespace leveret::this_thread {

/// Shows in `top -H` and in debuggers; at most 15 characters.
void set_name(const char* name);

/// Lets the threads that carry messages go first: `steps` on nice(1)'s scale, from 1 to 19, beyond
/// what the process has. It still gets its part of a busy processor (a third of another thread's
/// for 5, a tenth for 10), and all of an idle one. Where the system refuses, nothing changes.
void give_way(int steps);

}  // namespace leveret::this_thread
