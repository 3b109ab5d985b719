#include "sim/setup.h"

#include "sim/random.h"

namespace leveret::sim {
namespace {

using amqp::Value;

constexpr std::uint32_t kinds = 12;

}  // namespace

Setup::Setup(std::uint64_t number) {
  Random random(number);
  add("steady", true);
  add("one", true);
  add("two", !random.one_in(4));
  add("fleeting", false);
  wild = static_cast<int>(queues.size());
  add("wild", true).rules.may_lose = true;
  sink = static_cast<int>(queues.size());
  add("sink", true);
  direct_routes = sink;
  fanout = {0, 1, 2, 3};
  vary(1, random.below(kinds));
  vary(2, random.below(kinds));

  static constexpr std::size_t windows[] = {4, 8, 32, 8192};
  server.limits.queue_window_messages = windows[random.below(4)];
  server.limits.outbox_bytes_max = random.one_in(3) ? 2000 : 1U << 20U;
  server.limits.journal_pending_bytes_max = random.one_in(4) ? 20'000 : 64U << 20U;
  server.limits.channel_max = 16;
  server.frame_max = random.one_in(2) ? 4096 : 131072;
  static constexpr int pages[] = {1024, 4096, 16384};
  server.store.file = "sim.db";
  server.store.page_bytes = pages[random.below(3)];
  server.store.wal_bytes = random.one_in(2) ? 16 * server.store.page_bytes : 1 << 20;
  server.store.wal_bytes_max = 4 * server.store.wal_bytes;
  server.store.cache_bytes = random.one_in(3) ? 8 * server.store.page_bytes : 1 << 20;
  // What is drawn anew comes last, so that the scripts in found/ keep their meaning.
  server.limits.connection_pending_bytes_max = random.one_in(4) ? 2000 : 4U << 20U;
  if (random.one_in(2)) {
    server.store.large_body_bytes = random.one_in(2) ? 1 : 200;
    server.store.body_file_bytes = 1 << (12U + random.below(5));
  }
  server.limits.settled_per_turn = random.one_in(2) ? 1 + random.below(4) : 1024;
  if (!random.one_in(3)) server.store.redo_bytes = random.one_in(2) ? 12 << 10 : 64 << 10;
  if (!random.one_in(3)) server.limits.transient_bytes_max = random.one_in(2) ? 0 : 1500;
  if (random.one_in(2)) {
    server.store.transaction_messages = 1 + random.below(8);
    server.store.transaction_bytes = 0;
  }
}

Setup::Queue& Setup::add(const std::string& name, bool durable) {
  Queue& queue = queues.emplace_back();
  queue.rules.name = name;
  queue.rules.durable = durable;
  return queue;
}

/// Makes it a queue of that kind: an even one has no dead-letter queue.
void Setup::vary(std::size_t index, std::uint32_t kind) {
  const bool has_dead_letters = kind % 2 == 1;
  if (has_dead_letters) add("dead." + queues[index].rules.name, true);
  Queue& queue = queues[index];
  const auto set = [&](const char* name, Value value) {
    queue.arguments.set(name, std::move(value));
  };
  if (has_dead_letters) {
    queue.rules.dead_letters = static_cast<int>(queues.size()) - 1;
    set("x-dead-letter-exchange", Value{""});
    set("x-dead-letter-routing-key", Value{queues.back().rules.name});
  }
  switch (kind / 2) {
    case 0: break;
    case 1:
      set("x-max-priority", Value{3});
      queue.rules.has_priorities = true;
      break;
    case 2:
      if (queue.rules.durable) set("x-queue-type", Value{"quorum"});
      set("x-delivery-limit", Value{2});
      queue.rules.has_delivery_limit = true;
      queue.rules.has_priorities = queue.rules.durable;
      break;
    case 3:
      set("x-message-ttl", Value{100});
      queue.rules.ttl = 100;
      break;
    case 4:
      set("x-max-length", Value{5});
      queue.rules.may_overflow = true;
      break;
    default:
      set("x-max-length", Value{6});
      set("x-overflow", Value{"reject-publish"});
      queue.rules.may_refuse = true;
      if (has_dead_letters) set("x-single-active-consumer", Value{true});
  }
}

std::vector<QueueRules> Setup::rules() const {
  std::vector<QueueRules> all;
  for (const Queue& queue : queues) all.push_back(queue.rules);
  return all;
}

std::vector<int> Setup::targets(int route) const {
  if (route == fanout_route()) return fanout;
  if (route == no_route()) return {};
  if (route == sink_route()) return {sink};
  return {route};
}

std::string Setup::routing_key(int route) const {
  if (route == fanout_route()) return "any";
  if (route == no_route()) return "nowhere";
  if (route == sink_route()) return "sink";
  return queues[static_cast<std::size_t>(route)].rules.name;
}

}  // namespace leveret::sim
