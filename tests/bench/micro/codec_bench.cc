// Frames into commands, records into frames, tables both ways.
#include <benchmark/benchmark.h>

#include <string>
#include <vector>

#include "amqp/properties.h"
#include "amqp/table.h"
#include "net/command_reader.h"
#include "net/outgoing.h"

namespace leveret::bench {
namespace {

constexpr int batch = 64;
constexpr std::uint32_t frame_max = 131072;

amqp::Properties job_properties() {
  amqp::Properties properties;
  properties.delivery_mode = 2;
  properties.content_type = "application/json";
  properties.message_id = "0f8fad5b-d9cb-469f-a165-70867728950e";
  properties.headers = amqp::Table{{"tenant", "acme"}, {"attempt", 3}};
  return properties;
}

void read_publishes(benchmark::State& state) {
  const std::string body(static_cast<std::size_t>(state.range(0)), 'x');
  const std::string properties = amqp::write_properties(job_properties());
  std::string bytes;
  for (int i = 0; i < batch; ++i) {
    amqp::basic::Publish publish;
    publish.exchange = "orders";
    publish.routing_key = "video.encode.h264";
    amqp::write_method_frame(bytes, 1, publish);
    amqp::write_header_frame(bytes, 1, body.size(), properties);
    amqp::write_body_frames(bytes, 1, body, frame_max);
  }
  net::CommandReader reader{{}};
  std::vector<broker::Command> commands;
  std::vector<BlobRef> kept;
  for ([[maybe_unused]] const auto _ : state) {
    benchmark::DoNotOptimize(reader.read(bytes, 1, commands, kept));
    commands.clear();
    kept.clear();
  }
  state.SetItemsProcessed(state.iterations() * batch);
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(bytes.size()));
}
BENCHMARK(read_publishes)->Arg(16)->Arg(1024)->Arg(1 << 20);

void read_acks(benchmark::State& state) {
  std::string bytes;
  for (std::uint64_t tag = 1; tag <= batch; ++tag)
    amqp::write_method_frame(bytes, 1, amqp::basic::Ack{tag, false});
  net::CommandReader reader{{}};
  std::vector<broker::Command> commands;
  std::vector<BlobRef> kept;
  for ([[maybe_unused]] const auto _ : state) {
    benchmark::DoNotOptimize(reader.read(bytes, 1, commands, kept));
    commands.clear();
  }
  state.SetItemsProcessed(state.iterations() * batch);
}
BENCHMARK(read_acks);

void write_deliveries(benchmark::State& state) {
  const auto message =
      broker::Message::make("orders", "video.encode.h264", amqp::write_properties(job_properties()),
                            std::string(static_cast<std::size_t>(state.range(0)), 'x'), 1);
  const broker::Outgoing record =
      broker::Deliver{1, false, Blob::copy("ctag1.abcdefgh"), 7, message};
  net::OutgoingBytes out;
  std::size_t bytes = 0;
  for ([[maybe_unused]] const auto _ : state) {
    for (int i = 0; i < batch; ++i) out.append(record, frame_max);
    bytes += out.size();
    out.clear();
  }
  state.SetItemsProcessed(state.iterations() * batch);
  state.SetBytesProcessed(static_cast<std::int64_t>(bytes));
}
BENCHMARK(write_deliveries)->Arg(16)->Arg(1024)->Arg(1 << 20);

void read_properties(benchmark::State& state) {
  const std::string encoded = amqp::write_properties(job_properties());
  for ([[maybe_unused]] const auto _ : state)
    benchmark::DoNotOptimize(amqp::read_properties(encoded));
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(read_properties);

void write_properties(benchmark::State& state) {
  const amqp::Properties properties = job_properties();
  for ([[maybe_unused]] const auto _ : state)
    benchmark::DoNotOptimize(amqp::write_properties(properties));
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(write_properties);

}  // namespace
}  // namespace leveret::bench
