// A queue by itself: push, deliver, settle, and what its arguments add.
#include <benchmark/benchmark.h>

#include <string>

#include "amqp/properties.h"
#include "micro/quiet_broker.h"

namespace leveret::bench {
namespace {

constexpr int batch = 256;

broker::MessagePtr make_message(std::uint8_t priority, const std::string& expiration) {
  amqp::Properties properties;
  properties.delivery_mode = 2;
  if (priority != 0) properties.priority = priority;
  if (!expiration.empty()) properties.expiration = expiration;
  return broker::Message::make("", "q", amqp::write_properties(properties), std::string(256, 'x'),
                               QuietBroker::now);
}

/// Publishes and takes `batch` messages at a time from a queue that holds `depth` others.
void publish_and_take(benchmark::State& state, const amqp::Table& arguments,
                      const std::string& expiration) {
  QuietBroker quiet;
  quiet.vhost().declare_queue({.name = "q", .durable = true, .arguments = arguments},
                              ConnectionId{});
  std::uint8_t priority = 0;
  const bool has_priorities = arguments.contains("x-max-priority");
  const auto publish = [&] {
    if (has_priorities) priority = static_cast<std::uint8_t>(priority % 10 + 1);
    quiet.vhost().publish(make_message(priority, expiration));
  };
  for (std::int64_t i = 0; i < state.range(0); ++i) {
    publish();
    if (i % batch == 0) quiet.turn();
  }
  for ([[maybe_unused]] const auto _ : state) {
    for (int i = 0; i < batch; ++i) publish();
    quiet.turn();
    std::size_t taken = 0;
    quiet.vhost().take("q", batch, broker::TakeMode::ack,
                       [&](const auto& messages) { taken = messages.size(); });
    quiet.turn();
    if (taken != batch) state.SkipWithError("messages are missing");
  }
  state.SetItemsProcessed(state.iterations() * batch);
}

void plain(benchmark::State& state) {
  publish_and_take(state, {}, "");
}
BENCHMARK(plain)->Arg(0)->Arg(100'000);

void with_priorities(benchmark::State& state) {
  publish_and_take(state, {{"x-max-priority", 10}}, "");
}
BENCHMARK(with_priorities)->Arg(0)->Arg(100'000);

void with_expirations(benchmark::State& state) {
  publish_and_take(state, {}, "3600000");
}
BENCHMARK(with_expirations)->Arg(0)->Arg(100'000);

void with_length_limit(benchmark::State& state) {
  publish_and_take(state, {{"x-max-length", 1'000'000}}, "");
}
BENCHMARK(with_length_limit)->Arg(0)->Arg(100'000);

}  // namespace
}  // namespace leveret::bench
