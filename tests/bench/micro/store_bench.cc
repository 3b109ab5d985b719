// What the store can do: rows a second and the latency of a commit. The figures that decided its
// layout stand in server/store/README.md. LEVERET_BENCH_DIR names a directory on the disk to
// measure, and LEVERET_BENCH_PAGE the page size in bytes.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <filesystem>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "amqp/properties.h"
#include "store/store.h"

namespace leveret::bench {
namespace {

using Steady = std::chrono::steady_clock;

store::StoreOptions options() {
  store::StoreOptions options;
  const char* directory = std::getenv("LEVERET_BENCH_DIR");
  options.file = std::string{directory ? directory : "."} + "/store_bench.db";
  if (const char* page = std::getenv("LEVERET_BENCH_PAGE")) options.page_bytes = std::atoi(page);
  return options;
}

/// A store on a new file, whose posted functions run when the bench waits.
class StoreUnderTest {
 public:
  StoreUnderTest()
      : store_((remove_files(), options()), {[this](broker::CommitNumber number) {
                                               const std::lock_guard lock(mutex_);
                                               committed_ = number;
                                               changed_.notify_one();
                                             },
                                             [this](std::function<void()> function) {
                                               const std::lock_guard lock(mutex_);
                                               posted_.push_back(std::move(function));
                                               changed_.notify_one();
                                             },
                                             [](bool) {},
                                             [](const std::string& text) {
                                               std::fprintf(stderr, "%s\n", text.c_str());
                                               std::exit(1);
                                             }}) {}

  store::Store& store() { return store_; }
  void wait_committed(broker::CommitNumber number) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return committed_ >= number; });
  }
  void wait_posted() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return !posted_.empty(); });
    const auto function = std::move(posted_.front());
    posted_.pop_front();
    lock.unlock();
    function();
  }
  static void remove_files() {
    const std::string file = options().file;
    for (const char* end : {"", "-wal", "-shm"}) std::filesystem::remove(file + end);
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  broker::CommitNumber committed_ = 0;
  std::deque<std::function<void()>> posted_;
  store::Store store_;
};

struct Work {
  const char* name;
  std::size_t body_bytes;
  std::uint32_t queues;
  /// Messages in a turn, and how many turns may be on their way to the disk.
  std::size_t turn;
  std::size_t window;
  std::size_t total;
  /// Messages left in each queue before it is acknowledged from its head; 0: never.
  std::uint64_t depth;
  std::uint32_t fan_out = 1;
};

constexpr Work works[] = {
    {"submit 256 B, one at a time", 256, 1, 1, 1, 4'000, 0},
    {"submit 1 KiB, one at a time", 1024, 1, 1, 1, 4'000, 0},
    {"submit 256 B, turns of 100", 256, 1, 100, 4, 200'000, 0},
    {"submit 256 B, turns of 1000", 256, 1, 1000, 4, 400'000, 0},
    {"submit 1 KiB, turns of 100", 1024, 1, 100, 4, 100'000, 0},
    {"submit 1 KiB, turns of 1000", 1024, 1, 1000, 4, 200'000, 0},
    {"submit and settle 256 B, 1 queue", 256, 1, 500, 4, 400'000, 10'000},
    {"submit and settle 1 KiB, 1 queue", 1024, 1, 500, 4, 200'000, 10'000},
    {"submit and settle 1 KiB, 8 queues", 1024, 8, 500, 4, 200'000, 2'000},
    {"submit and settle 1 KiB, 1000 queues", 1024, 1000, 1000, 4, 200'000, 20},
    {"submit and settle 16 KiB, 1 queue", 16384, 1, 50, 4, 20'000, 1'000},
    {"submit 1 MiB, turns of 4", 1 << 20, 1, 4, 4, 200, 0},
    {"fan-out to 8, 128 B", 128, 8, 100, 4, 100'000, 2'000, 8},
};

broker::MessagePtr make_message(std::size_t body_bytes) {
  amqp::Properties properties;
  properties.delivery_mode = 2;
  properties.content_type = "application/json";
  properties.message_id = "0f8fad5b-d9cb-469f-a165-70867728950e";
  return broker::Message::make("orders", "video.encode.h264", amqp::write_properties(properties),
                               std::string(body_bytes, 'x'), 1'700'000'000'000);
}

/// One store at work: what is on its way to the disk, and how long each commit took.
class Worker {
 public:
  Worker(StoreUnderTest& tested, const Work& work)
      : tested_(tested), work_(work), queues_(work.queues) {
    for (std::uint32_t i = 0; i < work.queues; ++i)
      store().put_queue({QueueId{i + 1}, "q" + std::to_string(i), false, {}});
    const broker::CommitNumber commit = store().current_commit();
    store().flush(broker::Urgency::now);
    tested_.wait_committed(commit);
  }

  void run() {
    for (std::size_t done = 0; done < work_.total; done += work_.turn) {
      for (std::size_t i = 0; i < work_.turn; i += work_.fan_out) append();
      under_way_.emplace_back(store().current_commit(), Steady::now());
      store().flush(broker::Urgency::now);
      if (under_way_.size() >= work_.window) wait_for_oldest();
    }
    while (!under_way_.empty()) wait_for_oldest();
  }
  double latency_ms(double quantile) {
    std::ranges::sort(latencies_ms_);
    return latencies_ms_[static_cast<std::size_t>(quantile *
                                                  static_cast<double>(latencies_ms_.size() - 1))];
  }

 private:
  struct Queue {
    broker::Seq last = 0, head = 1;
  };

  store::Store& store() { return tested_.store(); }
  void append() {
    const auto message = make_message(work_.body_bytes);
    const bool is_shared = work_.fan_out > 1;
    if (is_shared) ++content_;
    for (std::uint32_t copy = 0; copy < work_.fan_out; ++copy) {
      const std::size_t at = next_queue_++ % queues_.size();
      Queue& queue = queues_[at];
      const QueueId id{static_cast<std::uint32_t>(at + 1)};
      store().append(id, ++queue.last, message, is_shared ? content_ : 0);
      if (work_.depth > 0 && queue.last - queue.head >= work_.depth)
        store().remove(id, queue.head++, 0, work_.body_bytes);
    }
  }
  void wait_for_oldest() {
    const auto [commit, start] = under_way_.front();
    tested_.wait_committed(commit);
    latencies_ms_.push_back(
        std::chrono::duration<double, std::milli>(Steady::now() - start).count());
    under_way_.pop_front();
  }

  StoreUnderTest& tested_;
  const Work& work_;
  std::vector<Queue> queues_;
  std::deque<std::pair<broker::CommitNumber, Steady::time_point>> under_way_;
  std::vector<double> latencies_ms_;
  broker::ContentId content_ = 0;
  std::size_t next_queue_ = 0;
};

void run_work(benchmark::State& state, const Work& work) {
  for ([[maybe_unused]] const auto _ : state) {
    state.PauseTiming();
    {
      StoreUnderTest tested;
      Worker worker(tested, work);
      state.ResumeTiming();
      worker.run();
      state.PauseTiming();
      for (const auto& [name, quantile] :
           {std::pair{"p50_ms", .5}, std::pair{"p99_ms", .99}, std::pair{"p99.9_ms", .999}})
        state.counters[name] = worker.latency_ms(quantile);
    }
    StoreUnderTest::remove_files();
    state.ResumeTiming();
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(work.total));
}

/// Reads a backlog in blocks, as a queue that is longer than its window does.
void read_backlog(benchmark::State& state) {
  constexpr broker::Seq total = 200'000;
  constexpr broker::Seq block = 1'000;
  {
    StoreUnderTest tested;
    store::Store& store = tested.store();
    const QueueId queue{1};
    store.put_queue({queue, "q", false, {}});
    broker::CommitNumber last = 0;
    for (broker::Seq seq = 1; seq <= total; ++seq) {
      store.append(queue, seq, make_message(256), 0);
      if (seq % block != 0) continue;
      last = store.current_commit();
      store.flush(broker::Urgency::now);
    }
    tested.wait_committed(last);
    for ([[maybe_unused]] const auto _ : state) {
      std::size_t count = 0;
      for (broker::Seq first = 1; first <= total; first += block) {
        store.read(queue, first, first + block - 1, block, 1 << 20, last,
                   [&](const auto& messages) { count += messages.size(); });
        tested.wait_posted();
      }
      if (count != total) state.SkipWithError("messages are missing");
    }
  }
  StoreUnderTest::remove_files();
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(total));
}
// The CPU time is that of all threads: the store's own are what counts.
BENCHMARK(read_backlog)->UseRealTime()->MeasureProcessCPUTime()->Unit(benchmark::kMillisecond);

const int registered = [] {
  for (const Work& work : works)
    benchmark::RegisterBenchmark((std::string{"store/"} + work.name).c_str(),
                                 [&work](benchmark::State& state) { run_work(state, work); })
        ->UseRealTime()
        ->MeasureProcessCPUTime()
        ->Iterations(1)
        ->Unit(benchmark::kMillisecond);
  return 0;
}();

}  // namespace
}  // namespace leveret::bench
