#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "amqp/table.h"

namespace leveret::cli::bench {

/// One load on a broker: who publishes what, who takes it, and how both acknowledge.
struct Plan {
  std::string name;
  std::string description;
  unsigned producers = 1;
  /// For each queue.
  unsigned consumers = 1;
  /// More than one: all bound to one fanout exchange.
  unsigned queues = 1;
  std::size_t body_bytes = 1024;
  bool is_persistent = true;
  bool is_durable = true;
  /// Unconfirmed messages of each producer; 0 publishes without confirms.
  std::uint64_t confirm_window = 0;
  /// Unacknowledged messages of each consumer; 0 consumes without acknowledgements.
  std::uint16_t prefetch = 0;
  /// Every so many deliveries are acknowledged at once; 1 acknowledges each by itself.
  unsigned ack_every = 1;
  amqp::Table queue_arguments;

  /// How long to publish; ended by `messages` when that is not 0.
  std::chrono::milliseconds duration{5'000};
  std::uint64_t messages = 0;
  /// Threads of the load generator.
  unsigned threads = 1;
};

/// The loads that have names.
const std::vector<Plan>& scenarios();
/// Throws Failure{usage} with the name that was probably meant.
const Plan& scenario(const std::string& name);

}  // namespace leveret::cli::bench
