#include "cli/bench/plan.h"

#include <algorithm>
#include <array>

#include "cli/bench/ledger.h"
#include "cli/exit_code.h"
#include "cli/text.h"

namespace leveret::cli::bench {
namespace {

Plan named(const char* name, const char* description) {
  Plan plan;
  plan.name = name;
  plan.description = description;
  return plan;
}

Plan transient() {
  Plan plan =
      named("transient",
            "16 bytes, kept in memory, no confirms, no acknowledgements, one publisher, one "
            "consumer: the upper bound");
  plan.body_bytes = stamp_bytes;
  plan.is_persistent = plan.is_durable = false;
  return plan;
}

Plan jobs() {
  Plan plan = named("jobs",
                    "a job queue: durable, persistent, 1 KiB, confirm window 1,000, prefetch 250, "
                    "each acknowledged by itself, one publisher, one worker");
  plan.confirm_window = 1'000;
  plan.prefetch = 250;
  return plan;
}

Plan jobs_4x4() {
  Plan plan = jobs();
  plan.name = "jobs-4x4";
  plan.description = "the same with four publishers and four workers on the one queue";
  plan.producers = plan.consumers = 4;
  return plan;
}

Plan workers() {
  Plan plan = jobs();
  plan.name = "workers";
  plan.description = "the same with 100 workers, prefetch 10";
  plan.consumers = 100;
  plan.prefetch = 10;
  return plan;
}

Plan submit() {
  Plan plan = jobs();
  plan.name = "submit";
  plan.description = "submitting only: as jobs, without a worker, so that all of it is written";
  plan.consumers = 0;
  return plan;
}

// Nobody consumes, so that no confirm is due before the message is on disk.
Plan latency() {
  Plan plan = submit();
  plan.name = "latency";
  plan.description = "submitting one at a time: the next when the last is confirmed, no worker";
  plan.confirm_window = 1;
  return plan;
}

Plan submitters() {
  Plan plan = latency();
  plan.name = "submitters";
  plan.description = "the same by 50 submitters at once";
  plan.producers = 50;
  return plan;
}

Plan roundtrip() {
  Plan plan = latency();
  plan.name = "roundtrip";
  plan.description =
      "submitting one at a time with an idle worker: what it acknowledges first is confirmed "
      "without "
      "the disk";
  plan.consumers = 1;
  plan.prefetch = 250;
  return plan;
}

Plan steady() {
  Plan plan = jobs();
  plan.name = "steady";
  plan.description =
      "jobs at a steady 5,000 a second (--rate); latency counts from when each was due";
  plan.rate = 5'000;
  // Only a bound: it is the clock that publishes. Whoever waits here waits in the figures, too.
  plan.confirm_window = 100'000;
  plan.duration = std::chrono::seconds{10};
  return plan;
}

Plan fanout() {
  Plan plan = jobs();
  plan.name = "fanout";
  plan.description = "as jobs, 128 bytes, by a fanout exchange to 8 queues with a worker each";
  plan.routing = Routing::copies;
  plan.queues = 8;
  plan.body_bytes = 128;
  return plan;
}

Plan fanout_transient() {
  Plan plan = transient();
  plan.name = "fanout-transient";
  plan.description = "as transient, 128 bytes, by a fanout exchange to 8 queues";
  plan.routing = Routing::copies;
  plan.queues = 8;
  plan.body_bytes = 128;
  return plan;
}

Plan topic() {
  Plan plan = transient();
  plan.name = "topic";
  plan.description =
      "as transient, 128 bytes, by a topic exchange with 1,000 wildcard bindings (--bindings) to 8 "
      "queues; each message matches one, each binding in turn";
  plan.routing = Routing::topic;
  plan.queues = 8;
  plan.bindings = 1'000;
  plan.body_bytes = 128;
  return plan;
}

Plan backlog() {
  Plan plan = jobs();
  plan.name = "backlog";
  plan.description =
      "a million persistent jobs of 256 bytes (--messages) are submitted, then taken: publish rate "
      "by depth, drain rate";
  plan.body_bytes = 256;
  plan.messages = 1'000'000;
  plan.is_drained_after = true;
  return plan;
}

Plan large() {
  Plan plan = backlog();
  plan.name = "large";
  plan.description =
      "300 persistent jobs of 1 MiB, confirm window 32, are submitted, then taken; --sync-dir "
      "tells what the disk can do";
  plan.body_bytes = std::size_t{1} << 20;
  plan.confirm_window = 32;
  plan.prefetch = 16;
  plan.messages = 300;
  return plan;
}

Plan connections() {
  Plan plan = jobs();
  plan.name = "connections";
  plan.description =
      "1,000 idle connections (--connections) with a queue and a consumer each: how fast they "
      "open, what they cost, and jobs at --rate before and meanwhile";
  plan.idle_connections = 1'000;
  plan.rate = 1'000;
  plan.confirm_window = 100'000;
  return plan;
}

Plan many_queues() {
  Plan plan = jobs();
  plan.name = "many-queues";
  plan.description =
      "1,000 queues (--queues) with a worker each get a persistent job of 256 bytes a second each "
      "(--rate for all of them): the server's CPU time";
  plan.queues = 1'000;
  plan.queues_per_consumer = 200;
  plan.body_bytes = 256;
  plan.rate = 1'000;
  plan.confirm_window = 100'000;
  plan.duration = std::chrono::seconds{10};
  return plan;
}

struct Shape {
  const char* before;
  const char* pattern_after;
  const char* key_before;
  const char* key_after;
};
// No key of one shape is matched by a pattern of another.
constexpr std::array<Shape, 4> shapes{{{"device.", ".*.state", "device.", ".room.state"},
                                       {"*.", ".alarm", "site.", ".alarm"},
                                       {"user.", ".#", "user.", ".video.done"},
                                       {"#.e", "", "a.b.c.e", ""}}};

[[noreturn]] void refuse(const std::string& text) {
  throw Failure{Exit::usage, text};
}

}  // namespace

unsigned Plan::keys() const {
  switch (routing) {
    case Routing::in_turn: return queues;
    case Routing::copies: return 1;
    case Routing::topic: return bindings;
  }
  return 1;
}

unsigned Plan::key_of(std::uint32_t producer, std::uint64_t sequence) const {
  return static_cast<unsigned>((sequence + producer) % keys());
}

std::string binding_pattern(unsigned number) {
  const Shape& shape = shapes[number % shapes.size()];
  return shape.before + std::to_string(number) + shape.pattern_after;
}

std::string binding_key(unsigned number) {
  const Shape& shape = shapes[number % shapes.size()];
  return shape.key_before + std::to_string(number) + shape.key_after;
}

const std::vector<Plan>& scenarios() {
  static const std::vector<Plan> all{transient(), jobs(),    jobs_4x4(),         workers(),
                                     submit(),    latency(), submitters(),       roundtrip(),
                                     steady(),    fanout(),  fanout_transient(), topic(),
                                     backlog(),   large(),   connections(),      many_queues()};
  return all;
}

const Plan& scenario(const std::string& name) {
  const auto found = std::ranges::find(scenarios(), name, &Plan::name);
  if (found != scenarios().end()) return *found;
  std::vector<std::string> names;
  for (const Plan& plan : scenarios()) names.push_back(plan.name);
  const auto meant = nearest(name, names);
  throw Failure{Exit::usage, "unknown scenario '" + name + "'",
                meant ? "did you mean: " + *meant : "see: leveret bench --list"};
}

void check(const Plan& plan) {
  if (plan.body_bytes < stamp_bytes)
    refuse("--size is at least " + std::to_string(stamp_bytes) +
           " bytes: each message carries its number and time");
  if (plan.producers == 0 || plan.queues == 0)
    refuse("a load needs at least one producer and one queue");
  if (plan.producers > producers_max)
    refuse("--producers is at most " + std::to_string(producers_max));
  if (plan.prefetch != 0 && plan.ack_every > plan.prefetch)
    refuse("--ack-every must not exceed --prefetch: it would wait for ever");
  if (plan.routing == Routing::topic && plan.bindings < plan.queues)
    refuse("--bindings must be at least --queues (" + std::to_string(plan.queues) +
           "): each queue needs one");
  if (plan.routing != Routing::topic && plan.bindings != 0)
    refuse("--bindings goes with the scenario topic only");
  if (plan.is_drained_after && plan.messages == 0)
    refuse("--messages: how deep the backlog of '" + plan.name + "' is to be, such as 1M");
}

}  // namespace leveret::cli::bench
