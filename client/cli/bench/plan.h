#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "amqp/table.h"

namespace leveret::cli::bench {

/// How what is published comes to the queues of a plan.
enum class Routing {
  /// By the default exchange, to each queue in turn.
  in_turn,
  /// By one fanout exchange: a copy to every queue.
  copies,
  /// By one topic exchange with many wildcard bindings: each message matches one of them, and so
  /// goes to one queue.
  topic,
};

/// One load on a broker: who publishes what, who takes it, and how both acknowledge.
struct Plan {
  std::string name;
  std::string description;
  unsigned producers = 1;
  /// For each queue.
  unsigned consumers = 1;
  unsigned queues = 1;
  /// How many queues a consumer's one channel takes from.
  unsigned queues_per_consumer = 1;
  Routing routing = Routing::in_turn;
  /// Of the topic exchange, spread over the queues.
  unsigned bindings = 0;
  std::size_t body_bytes = 1024;
  bool is_persistent = true;
  bool is_durable = true;
  /// Unconfirmed messages of each producer; 0 publishes without confirms.
  std::uint64_t confirm_window = 0;
  /// Unacknowledged messages of each consumer; 0 consumes without acknowledgements.
  std::uint16_t prefetch = 0;
  /// Every so many deliveries are acknowledged at once; 1 acknowledges each by itself.
  unsigned ack_every = 1;
  /// Messages a second, of all producers together; 0: as fast as it goes.
  double rate = 0;
  /// The consumers start when everything has been published.
  bool is_drained_after = false;
  /// Connections that are opened first and stay, each with a queue and a consumer of its own.
  unsigned idle_connections = 0;
  amqp::Table queue_arguments;

  /// How long to publish; ended by `messages` when that is not 0.
  std::chrono::milliseconds duration{5'000};
  std::uint64_t messages = 0;
  /// Threads of the load generator.
  unsigned threads = 1;
  /// Leave the queues, and what is in them.
  bool is_kept = false;

  /// How many queues get each message.
  unsigned copies() const { return routing == Routing::copies ? queues : 1; }
  /// How many different routing keys are published.
  unsigned keys() const;
  /// The key of a producer's message, as a number below keys().
  unsigned key_of(std::uint32_t producer, std::uint64_t sequence) const;
  /// The one queue that gets the message with that key; for copies, 0.
  unsigned queue_of(unsigned key) const { return key % queues; }
};

/// The pattern of a topic plan's binding: shapes with stars and hashes in turn.
std::string binding_pattern(unsigned number);
/// A key that the pattern of that number matches, and no other.
std::string binding_key(unsigned number);

/// The loads that have names.
const std::vector<Plan>& scenarios();
/// Throws Failure{usage} with the name that was probably meant.
const Plan& scenario(const std::string& name);
/// Throws Failure{usage} with what the options should be when the plan cannot work.
void check(const Plan& plan);

}  // namespace leveret::cli::bench
