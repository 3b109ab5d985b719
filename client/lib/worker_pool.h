#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "lib/connection.h"
#include "lib/message.h"

namespace leveret::client {

/// A message in a queue, given to a handler.
struct Job : Message {
  std::string queue;
  /// Counted from 1, as far as the broker tells ("x-delivery-count").
  std::uint64_t attempt = 1;
};

/// How a job ended.
enum class Outcome {
  /// Done: acknowledged.
  ack,
  /// Failed, to be tried again: requeued. On a queue with "x-delivery-limit" the broker counts the
  /// attempt and dead-letters the job when there were enough; on others it comes back at once.
  retry,
  /// Failed for good: rejected, so dead-lettered where the queue has a dead-letter exchange.
  dead,
  /// Not worth doing: acknowledged and counted apart.
  drop,
  /// Could not be tried at all: the pool stops, and the job goes back with its connection.
  put_back,
};

struct WorkerPoolOptions {
  std::string queue;
  /// Jobs worked on at a time, each on a thread of its own.
  unsigned slots = 1;
  /// Unacknowledged jobs at a time; 0 for as many as there are slots.
  std::uint16_t prefetch = 0;
  /// End when the queue has nothing ready and no job is running.
  bool stop_when_empty = false;
  ConnectionOptions connection;
  /// How long to try to reconnect, once the first connection was made; 0 for ever.
  std::chrono::milliseconds reconnect_for{0};
  /// Told before each wait for another attempt, on the thread of run().
  std::function<void(const std::string& why, std::chrono::milliseconds wait)> on_reconnect;
};

/// Takes jobs from one queue and gives them to a handler, several at a time. It reconnects by
/// itself; what was running when a connection broke runs to its end, and the broker gives it out
/// again, since it was never acknowledged.
class WorkerPool {
 public:
  using Handler = std::function<Outcome(const Job&)>;
  struct Counts {
    std::uint64_t acked = 0;
    std::uint64_t retried = 0;
    std::uint64_t dead = 0;
    std::uint64_t dropped = 0;
    /// Went back without an outcome, or ended after their connection had.
    std::uint64_t put_back = 0;
    std::uint64_t running = 0;
    std::uint64_t reconnects = 0;
  };

  /// `handler` is called on several threads at once; what it throws counts as Outcome::dead.
  WorkerPool(Url url, WorkerPoolOptions options, Handler handler);
  ~WorkerPool();
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  /// Works until stop(), an empty queue or Outcome::put_back ends it; returns when the last handler
  /// has. Throws ConnectionError when the first connection fails or reconnecting is given up, and
  /// ChannelError when the queue does not exist or is deleted. To be called once.
  void run();
  /// No new jobs; those that wait for a slot go back, those that run are finished. Any thread.
  void stop();
  Counts counts() const;

 private:
  class State;
  std::unique_ptr<State> state_;
};

}  // namespace leveret::client
