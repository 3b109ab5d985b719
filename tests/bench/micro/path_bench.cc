// From the bytes of a publish to those of its delivery, without sockets and without a disk.
#include <benchmark/benchmark.h>

#include "micro/path.h"

namespace leveret::bench {
namespace {

void run(benchmark::State& state, Path::Kind kind) {
  Path path(kind, static_cast<std::size_t>(state.range(0)));
  for ([[maybe_unused]] const auto _ : state) path.run_batch();
  state.SetItemsProcessed(state.iterations() * Path::batch);
}

void transient_path(benchmark::State& state) {
  run(state, Path::Kind::transient);
}
BENCHMARK(transient_path)->Arg(16)->Arg(1024)->Arg(65536);

void job_path(benchmark::State& state) {
  run(state, Path::Kind::job);
}
BENCHMARK(job_path)->Arg(16)->Arg(1024)->Arg(65536);

}  // namespace
}  // namespace leveret::bench
