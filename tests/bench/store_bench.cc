// What the store can do: rows a second and the latency of a commit. The figures that decided its
// layout stand in server/store/README.md; this is how they were made.
//
//   store_bench [--dir DIR] [--rounds N] [--page BYTES]... [--scenario NAME]...

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <deque>
#include <filesystem>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "amqp/properties.h"
#include "store/store.h"

namespace leveret::store {
namespace {

using Steady = std::chrono::steady_clock;

/// A store whose posted functions run when the bench waits.
class Bench {
 public:
  explicit Bench(const StoreOptions& options)
      : store_(options, {[this](broker::CommitNumber number) {
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

  Store& store() { return store_; }
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

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  broker::CommitNumber committed_ = 0;
  std::deque<std::function<void()>> posted_;
  Store store_;
};

struct Scenario {
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

constexpr Scenario scenarios[] = {
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

struct Result {
  double rows_per_second;
  double cpu_us_per_row;
  double p50_ms, p99_ms, p999_ms;
};

double process_cpu_seconds() {
  timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

Result run(const Scenario& scenario, const StoreOptions& options) {
  std::filesystem::remove(options.file);
  std::filesystem::remove(options.file + "-wal");
  Bench bench(options);
  Store& store = bench.store();
  struct Queue {
    broker::Seq last = 0, head = 1;
  };
  std::vector<Queue> queues(scenario.queues);
  for (std::uint32_t i = 0; i < scenario.queues; ++i)
    store.put_queue({QueueId{i + 1}, "q" + std::to_string(i), false, {}});
  bench.wait_committed((store.flush(leveret::broker::Urgency::now), store.current_commit() - 1));

  std::vector<double> latencies;
  std::deque<std::pair<broker::CommitNumber, Steady::time_point>> under_way;
  const auto settle_oldest = [&] {
    bench.wait_committed(under_way.front().first);
    latencies.push_back(
        std::chrono::duration<double, std::milli>(Steady::now() - under_way.front().second)
            .count());
    under_way.pop_front();
  };
  const double cpu_before = process_cpu_seconds();
  const auto start = Steady::now();
  broker::ContentId content = 0;
  std::size_t next_queue = 0;
  for (std::size_t done = 0; done < scenario.total;) {
    for (std::size_t i = 0; i < scenario.turn; i += scenario.fan_out) {
      const auto message = make_message(scenario.body_bytes);
      if (scenario.fan_out > 1) ++content;
      for (std::uint32_t copy = 0; copy < scenario.fan_out; ++copy, ++done) {
        const std::size_t at = next_queue++ % queues.size();
        Queue& queue = queues[at];
        const QueueId id{static_cast<std::uint32_t>(at + 1)};
        store.append(id, ++queue.last, message, scenario.fan_out > 1 ? content : 0);
        if (scenario.depth > 0 && queue.last - queue.head >= scenario.depth)
          store.remove(id, queue.head++, 0, scenario.body_bytes);
      }
    }
    under_way.emplace_back(store.current_commit(), Steady::now());
    store.flush(leveret::broker::Urgency::now);
    if (under_way.size() >= scenario.window) settle_oldest();
  }
  while (!under_way.empty()) settle_oldest();
  const double seconds = std::chrono::duration<double>(Steady::now() - start).count();
  const double cpu = process_cpu_seconds() - cpu_before;
  std::sort(latencies.begin(), latencies.end());
  const auto quantile = [&](double q) {
    return latencies[static_cast<std::size_t>(q * static_cast<double>(latencies.size() - 1))];
  };
  const auto rows = static_cast<double>(scenario.total);
  return {rows / seconds, cpu / rows * 1e6, quantile(.5), quantile(.99), quantile(.999)};
}

/// Median of what a sync of one overwritten page takes: what one job at a time is measured against.
double sync_ms(const std::string& directory) {
  const std::string path = directory + "/sync.tmp";
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC, 0600);
  const std::string page(16384, 's');
  std::vector<double> times;
  for (int i = 0; i < 1000; ++i) {
    const auto start = Steady::now();
    if (::pwrite(fd, page.data(), page.size(), (i % 64) * 16384) < 0 || ::fdatasync(fd) != 0) break;
    if (i >= 64)
      times.push_back(std::chrono::duration<double, std::milli>(Steady::now() - start).count());
  }
  ::close(fd);
  ::unlink(path.c_str());
  std::sort(times.begin(), times.end());
  return times.empty() ? 0 : times[times.size() / 2];
}

/// Reads a backlog in blocks, as a queue that is longer than its window does.
void bench_read(const StoreOptions& options, int rounds) {
  std::filesystem::remove(options.file);
  std::filesystem::remove(options.file + "-wal");
  Bench bench(options);
  Store& store = bench.store();
  const QueueId queue{1};
  store.put_queue({queue, "q", false, {}});
  const broker::Seq total = 200'000;
  for (broker::Seq seq = 1; seq <= total; ++seq) {
    store.append(queue, seq, make_message(256), 0);
    if (seq % 1000 == 0) store.flush(leveret::broker::Urgency::now);
  }
  bench.wait_committed(store.current_commit() - 1);
  std::vector<double> rates;
  for (int round = 0; round < rounds; ++round) {
    const auto start = Steady::now();
    std::size_t count = 0;
    for (broker::Seq first = 1; first <= total; first += 1000) {
      store.read(queue, first, first + 999, 1000, 1 << 20,
                 [&](const auto& messages) { count += messages.size(); });
      bench.wait_posted();
    }
    rates.push_back(static_cast<double>(count) /
                    std::chrono::duration<double>(Steady::now() - start).count());
  }
  std::sort(rates.begin(), rates.end());
  std::printf("%5d  %-38s %9.0f rows/s\n", options.page_bytes, "read 256 B, blocks of 1000",
              rates[rates.size() / 2]);
}

Result median(std::vector<Result> results) {
  const auto middle = [&](double Result::*field) {
    std::vector<double> values;
    for (const Result& result : results) values.push_back(result.*field);
    std::sort(values.begin(), values.end());
    return values[values.size() / 2];
  };
  return {middle(&Result::rows_per_second), middle(&Result::cpu_us_per_row),
          middle(&Result::p50_ms), middle(&Result::p99_ms), middle(&Result::p999_ms)};
}

int main_of(int argc, char** argv) {
  std::string directory = ".";
  int rounds = 3;
  std::vector<int> pages;
  std::vector<std::string> names;
  StoreOptions options;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string key = argv[i];
    if (key == "--dir") directory = argv[i + 1];
    if (key == "--rounds") rounds = std::atoi(argv[i + 1]);
    if (key == "--page") pages.push_back(std::atoi(argv[i + 1]));
    if (key == "--scenario") names.emplace_back(argv[i + 1]);
    if (key == "--wal-mib") options.wal_bytes = std::int64_t{std::atoi(argv[i + 1])} << 20;
    if (key == "--cache-mib") options.cache_bytes = std::int64_t{std::atoi(argv[i + 1])} << 20;
  }
  if (pages.empty()) pages = {options.page_bytes};
  std::printf("fdatasync of an overwritten page: %.3f ms\n", sync_ms(directory));
  std::printf(
      " page  scenario                                  rows/s  us CPU    p50    p99  p99.9 ms\n");
  options.file = directory + "/store_bench.db";
  for (const int page : pages) {
    options.page_bytes = page;
    for (const Scenario& scenario : scenarios) {
      const auto matches = [&](const std::string& name) {
        return std::strstr(scenario.name, name.c_str());
      };
      if (!names.empty() && std::none_of(names.begin(), names.end(), matches)) continue;
      std::vector<Result> results;
      for (int round = 0; round < rounds; ++round) results.push_back(run(scenario, options));
      const Result m = median(std::move(results));
      std::printf("%5d  %-38s %9.0f %7.2f %6.2f %6.2f %6.2f\n", page, scenario.name,
                  m.rows_per_second, m.cpu_us_per_row, m.p50_ms, m.p99_ms, m.p999_ms);
      std::fflush(stdout);
    }
    if (names.empty()) bench_read(options, rounds);
  }
  std::filesystem::remove(options.file);
  return 0;
}

}  // namespace
}  // namespace leveret::store

int main(int argc, char** argv) {
  return leveret::store::main_of(argc, argv);
}
