#pragma once

/// What the operating system is told of the thread that calls.
namespace leveret::this_thread {

/// Shows in `top -H` and in debuggers; at most 15 characters.
void set_name(const char* name);

/// Lets the threads that carry messages go first: `steps` on nice(1)'s scale, from 1 to 19, beyond
/// what the process has. It still gets its part of a busy processor (a third of another thread's
/// for 5, a thirtieth for 15, a seventieth for 19), and all of an idle one. Where the system
/// refuses, nothing changes.
void give_way(int steps);

/// Has the thread run as soon as it has something to do, even while others are in the middle of
/// their time, which may be three milliseconds; its own pieces are a tenth of a millisecond, and
/// its part of a busy processor is the same as before. For what handles messages: it has much to do
/// in little pieces. Linux from 6.12 on (sched_setattr(2), sched_runtime); elsewhere nothing
/// changes.
void be_prompt();

}  // namespace leveret::this_thread
