#include "cli/bench/crowd.h"

#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <exception>
#include <thread>

#include "cli/bench/timer.h"
#include "cli/exit_code.h"
#include "cli/text.h"

namespace leveret::cli::bench {
namespace {

/// Connections that are opened at the same time: enough to keep a broker busy with it.
constexpr unsigned openers = 16;
/// What the process needs besides.
constexpr rlim_t other_files = 256;
constexpr std::chrono::seconds roll_max{60};
constexpr std::chrono::milliseconds poll_every{20};

void allow_files(rlim_t count) {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  if (limit.rlim_cur >= count) return;
  if (limit.rlim_max < count)
    throw Failure{Exit::not_permitted,
                  std::to_string(count) + " open files are needed and " +
                      std::to_string(limit.rlim_max) + " allowed",
                  "raise the limit (ulimit -Hn), or take fewer --connections"};
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

client::ConnectionOptions idle_options() {
  client::ConnectionOptions options = named_connection("idle");
  options.heartbeat_s = 60;
  options.read_bytes = 4096;
  return options;
}

}  // namespace

class Crowd::Member final : private client::ChannelListener {
 public:
  Member(client::Loop& loop, const client::Url& url, const std::string& queue)
      : connection_(loop, url, idle_options()), channel_(connection_, this) {
    client::QueueOptions options;
    options.durable = false;
    options.exclusive = true;
    channel_.declare_queue(queue, options);
    channel_.consume(queue);
  }
  void close() { connection_.close(); }
  std::uint64_t received() const { return received_.load(std::memory_order_relaxed); }

 private:
  void on_delivery(const client::Delivery& delivery) override {
    received_.fetch_add(1, std::memory_order_relaxed);
    channel_.ack(delivery.delivery_tag);
  }

  std::atomic<std::uint64_t> received_ = 0;
  client::Connection connection_;
  client::Channel channel_;
};

Crowd::Crowd(unsigned size, unsigned threads, const client::Url& url, std::uint32_t run)
    : wanted_(size), url_(url), prefix_(prefix_of(run) + "idle.") {
  allow_files(size + other_files);
  for (unsigned i = 0; i < threads; ++i) loops_.push_back(std::make_unique<client::Loop>());
}

Crowd::~Crowd() = default;

std::string Crowd::queue_of(unsigned number) const {
  return prefix_ + std::to_string(number);
}

void Crowd::in_parallel(unsigned count, const std::function<void(unsigned)>& work) {
  std::atomic<unsigned> next = 0;
  std::exception_ptr failure;
  std::mutex mutex;
  const auto run = [&] {
    try {
      for (unsigned number; (number = next++) < count;) work(number);
    } catch (...) {
      next = count;
      const std::lock_guard lock(mutex);
      if (!failure) failure = std::current_exception();
    }
  };
  std::vector<std::thread> threads;
  for (unsigned i = 0; i < openers; ++i) threads.emplace_back(run);
  for (std::thread& thread : threads) thread.join();
  if (failure) std::rethrow_exception(failure);
}

void Crowd::open(const Tell& tell, const std::function<bool()>& is_interrupted) {
  const std::uint64_t start_ns = now_ns();
  std::mutex mutex;
  in_parallel(wanted_, [&](unsigned number) {
    if (is_interrupted && is_interrupted()) return;
    auto member = std::make_unique<Member>(*loops_[number % loops_.size()], url_, queue_of(number));
    const std::lock_guard lock(mutex);
    members_.push_back(std::move(member));
    if (tell)
      tell("opened connections " + with_commas(members_.size()) + " of " + with_commas(wanted_));
  });
  open_seconds_ = static_cast<double>(now_ns() - start_ns) / 1e9;
}

std::uint64_t Crowd::call_roll() {
  client::Connection connection(url_, named_connection("roll call"));
  client::Channel channel(connection);
  channel.select_confirms();
  for (unsigned number = 0; number < wanted_; ++number)
    channel.publish(client::Envelope{"", queue_of(number)}, "here?");
  const auto missing = [&] {
    return wanted_ - std::ranges::count_if(
                         members_, [](const auto& member) { return member->received() == 1; });
  };
  const auto end = std::chrono::steady_clock::now() + roll_max;
  while (missing() != 0 && std::chrono::steady_clock::now() < end)
    std::this_thread::sleep_for(poll_every);
  return static_cast<std::uint64_t>(missing());
}

void Crowd::close() {
  in_parallel(static_cast<unsigned>(members_.size()),
              [&](unsigned number) { members_[number]->close(); });
}

}  // namespace leveret::cli::bench
