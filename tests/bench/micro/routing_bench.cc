// What a publish costs as bindings become many, and what it costs to make them and to be rid of
// them.
#include <benchmark/benchmark.h>

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "amqp/properties.h"
#include "micro/quiet_broker.h"

namespace leveret::bench {
namespace {

constexpr int queue_count = 100;

/// How patterns are made of a number, and a key that only the pattern of that number matches.
struct Shape {
  const char* name;
  const char* type;
  const char* before;
  const char* pattern_after;
  const char* key_before;
  const char* key_after;

  std::string pattern(int number) const { return before + std::to_string(number) + pattern_after; }
  std::string key(int number) const { return key_before + std::to_string(number) + key_after; }
};

constexpr std::array<Shape, 6> shapes{
    {{"direct", "direct", "job.", "", "job.", ""},
     {"star in the middle", "topic", "device.", ".*.state", "device.", ".room.state"},
     {"star in front", "topic", "*.", ".alarm", "site.", ".alarm"},
     {"hash at the end", "topic", "user.", ".#", "user.", ".video.done"},
     {"hash in front", "topic", "#.e", "", "a.b.c.e", ""},
     {"hashes and stars", "topic", "*.#.g", ".*.#", "a.b.g", ".c.d"}}};

/// An exchange "e" with bindings of one shape to a hundred short queues.
class Routes {
 public:
  explicit Routes(const Shape& shape) : shape_(shape) {
    for (int i = 0; i < queue_count; ++i)
      vhost().declare_queue({.name = queue_name(i), .arguments = {{"x-max-length", 100}}},
                            ConnectionId{});
    vhost().declare_exchange({.name = "e", .type = shape.type, .arguments = {}});
  }

  broker::Vhost& vhost() { return broker_.vhost(); }
  void turn() { broker_.turn(); }
  void bind(int number, const std::string& queue) {
    const std::string pattern = shape_.pattern(number);
    vhost().bind({.source = "e", .destination = queue, .routing_key = pattern, .arguments = {}},
                 ConnectionId{});
  }
  void bind_all(int bindings) {
    for (int i = 0; i < bindings; ++i) bind(i, queue_name(i));
  }
  static std::string queue_name(int number) { return "q" + std::to_string(number % queue_count); }

 private:
  const Shape& shape_;
  QuietBroker broker_;
};

/// Publishes with 4,096 keys, spread over all bindings.
void publish_by(benchmark::State& state, const Shape& shape) {
  const auto bindings = static_cast<int>(state.range(0));
  Routes routes(shape);
  routes.bind_all(bindings);
  std::vector<broker::MessagePtr> messages;
  for (int i = 0; i < 4096; ++i)
    messages.push_back(
        broker::Message::make("e", shape.key(static_cast<int>(std::int64_t{i} * bindings / 4096)),
                              amqp::write_properties({}), "x", 1));
  std::size_t next = 0;
  for ([[maybe_unused]] const auto _ : state) {
    routes.vhost().publish(messages[next++ % messages.size()]);
    if (next % 256 == 0) routes.turn();
  }
  state.SetItemsProcessed(state.iterations());
}

void bind_by(benchmark::State& state, const Shape& shape) {
  const auto bindings = static_cast<int>(state.range(0));
  for ([[maybe_unused]] const auto _ : state) {
    state.PauseTiming();
    auto routes = std::make_unique<Routes>(shape);
    state.ResumeTiming();
    routes->bind_all(bindings);
    state.PauseTiming();  // What was made goes again unmeasured.
    routes.reset();
    state.ResumeTiming();
  }
  state.SetItemsProcessed(state.iterations() * bindings);
}

/// Deletes a queue to which all bindings lead, besides others.
void delete_queue_of(benchmark::State& state, const Shape& shape) {
  const auto bindings = static_cast<int>(state.range(0));
  Routes routes(shape);
  routes.bind_all(bindings);
  for ([[maybe_unused]] const auto _ : state) {
    state.PauseTiming();
    routes.vhost().declare_queue({.name = "last", .arguments = {}}, ConnectionId{});
    for (int i = 0; i < bindings; ++i) routes.bind(i, "last");
    routes.turn();
    state.ResumeTiming();
    routes.vhost().delete_queue("last", false, false, ConnectionId{});
    routes.turn();
  }
  state.SetItemsProcessed(state.iterations() * bindings);
}

/// Deletes an exchange that is the destination of as many bindings with different keys.
void delete_exchange(benchmark::State& state) {
  const auto bindings = static_cast<int>(state.range(0));
  QuietBroker quiet;
  quiet.vhost().declare_exchange({.name = "e", .type = "fanout", .arguments = {}});
  for ([[maybe_unused]] const auto _ : state) {
    state.PauseTiming();
    quiet.vhost().declare_exchange({.name = "f", .type = "fanout", .arguments = {}});
    for (int i = 0; i < bindings; ++i) {
      const std::string key = std::to_string(i);
      quiet.vhost().bind({.source = "e",
                          .destination = "f",
                          .to_exchange = true,
                          .routing_key = key,
                          .arguments = {}},
                         ConnectionId{});
    }
    quiet.turn();
    state.ResumeTiming();
    quiet.vhost().delete_exchange("f", false);
    quiet.turn();
  }
  state.SetItemsProcessed(state.iterations() * bindings);
}
BENCHMARK(delete_exchange)->Arg(1'000)->Arg(100'000);

const int registered = [] {
  for (const Shape& shape : shapes) {
    const auto add = [&](const std::string& what, auto function) {
      benchmark::RegisterBenchmark(
          (what + "/" + shape.name).c_str(),
          [function, &shape](benchmark::State& state) { function(state, shape); })
          ->Arg(1'000)
          ->Arg(100'000);
    };
    add("publish_by", publish_by);
    add("bind_by", bind_by);
    add("delete_queue_of", delete_queue_of);
  }
  return 0;
}();

}  // namespace
}  // namespace leveret::bench
