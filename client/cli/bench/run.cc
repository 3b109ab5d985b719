#include "cli/bench/run.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <limits>
#include <random>
#include <thread>

#include "cli/bench/load.h"
#include "cli/bench/process_usage.h"

namespace leveret::cli::bench {
namespace {

using SteadyClock = std::chrono::steady_clock;
constexpr std::chrono::milliseconds poll_every{20};
/// The run is over when nothing more has come for so long.
constexpr std::chrono::seconds silence_max{10};

/// Exchange and queues of a run; removed at its end.
class Topology {
 public:
  Topology(const Plan& plan, const RunOptions& options, std::uint32_t run)
      : connection_(options.url, named("setup")), channel_(connection_) {
    const std::string prefix = "leveret.bench." + std::to_string(run) + ".";
    if (plan.queues > 1) {
      exchange = prefix + "fanout";
      client::ExchangeOptions exchange_options;
      exchange_options.durable = plan.is_durable;
      channel_.declare_exchange(exchange, "fanout", exchange_options);
    }
    for (unsigned i = 0; i < plan.queues; ++i) {
      client::QueueOptions queue_options;
      queue_options.durable = plan.is_durable;
      queue_options.arguments = plan.queue_arguments;
      queues.push_back(channel_.declare_queue(prefix + std::to_string(i), queue_options).name);
      if (plan.queues > 1) channel_.bind_queue(queues.back(), exchange, "");
    }
  }
  Topology(const Topology&) = delete;
  Topology& operator=(const Topology&) = delete;
  ~Topology() {
    try {
      for (const std::string& queue : queues) channel_.delete_queue(queue);
      if (!exchange.empty()) channel_.delete_exchange(exchange);
    } catch (const std::exception&) {  // The broker is gone; the run says so itself.
    }
  }

  static client::ConnectionOptions named(const std::string& role) {
    client::ConnectionOptions options;
    options.name = "leveret bench " + role;
    return options;
  }
  std::uint32_t messages_in(const std::string& queue) {
    return channel_.check_queue(queue).messages_ready;
  }

  std::string exchange;
  std::vector<std::string> queues;

 private:
  client::Connection connection_;
  client::Channel channel_;
};

/// The producers and consumers of a run, spread over loops; a queue's consumers share one, since
/// they share its ledger.
class Crew {
 public:
  Crew(const Plan& plan, const RunOptions& options, const Topology& topology, std::uint32_t run)
      : envelope_(topology.exchange, plan.queues > 1 ? std::string{} : topology.queues[0],
                  properties_of(plan), client::Unroutable::dropped) {
    for (unsigned i = 0; i < plan.threads; ++i) loops_.push_back(std::make_unique<client::Loop>());
    unsigned next_loop = 0;
    for (const std::string& queue : topology.queues) {
      ledgers.push_back(std::make_unique<Ledger>(plan.producers));
      client::Loop& loop = *loops_[next_loop++ % loops_.size()];
      for (unsigned i = 0; i < plan.consumers; ++i)
        consumers.push_back(std::make_unique<Consumer>(
            loop, options.url, Topology::named("consumer"), plan, run, queue, *ledgers.back()));
    }
    const std::uint64_t unlimited = std::numeric_limits<std::uint64_t>::max();
    for (unsigned i = 0; i < plan.producers; ++i) {
      const std::uint64_t share =
          plan.messages / plan.producers + (i < plan.messages % plan.producers ? 1 : 0);
      producers.push_back(std::make_unique<Producer>(
          *loops_[next_loop++ % loops_.size()], options.url, Topology::named("producer"), plan,
          Stamp{run, i, 0, 0}, envelope_, plan.messages == 0 ? unlimited : share));
    }
  }

  std::uint64_t published() const {
    std::uint64_t sum = 0;
    for (const auto& producer : producers) sum += producer->published.get();
    return sum;
  }
  std::uint64_t answered() const {
    std::uint64_t sum = 0;
    for (const auto& producer : producers)
      sum += producer->confirmed.get() + producer->refused.get();
    return sum;
  }
  std::uint64_t delivered() const {
    std::uint64_t sum = 0;
    for (const auto& consumer : consumers) sum += consumer->received.get();
    return sum;
  }
  bool has_published_all() const {
    return std::ranges::all_of(producers, [](const auto& one) { return one->is_done(); });
  }
  /// Throws when the broker has closed one of the channels.
  void check() const {
    for (const auto& producer : producers) check(producer->close_reason());
    for (const auto& consumer : consumers) check(consumer->close_reason());
  }
  void close() {
    for (const auto& producer : producers) producer->close();
    for (const auto& consumer : consumers) consumer->close();
  }

 private:
  static void check(const std::optional<client::CloseReason>& reason) {
    if (reason && reason->is_connection)
      throw client::ConnectionError{reason->text, reason->reply_code};
    if (reason) throw client::ChannelError{reason->text, reason->reply_code};
  }

  static amqp::Properties properties_of(const Plan& plan) {
    amqp::Properties properties;
    properties.delivery_mode = plan.is_persistent ? std::uint8_t{2} : std::uint8_t{1};
    return properties;
  }

  std::vector<std::unique_ptr<client::Loop>> loops_;
  const client::Envelope envelope_;

 public:
  std::vector<std::unique_ptr<Ledger>> ledgers;
  std::vector<std::unique_ptr<Producer>> producers;
  std::vector<std::unique_ptr<Consumer>> consumers;
};

/// Looks on while a crew works.
class Watch {
 public:
  Watch(const Crew& crew, const RunOptions& options) : crew_(crew), options_(options) {
    if (options.server_pid) before_ = usage_of(*options.server_pid);
  }

  /// Polls until `is_over`, an interrupt, or a long silence. False unless `is_over` ended it.
  template <class F>
  bool until(F is_over) {
    std::uint64_t last = progress();
    auto silent_since = SteadyClock::now();
    while (!is_over()) {
      if (options_.is_interrupted && options_.is_interrupted()) return false;
      std::this_thread::sleep_for(poll_every);
      crew_.check();
      if (options_.on_progress) options_.on_progress(crew_.published(), crew_.delivered());
      if (options_.server_pid)
        rss_peak_ = std::max(rss_peak_, usage_of(*options_.server_pid).rss_bytes);
      if (const std::uint64_t now = progress(); now != last) {
        last = now;
        silent_since = SteadyClock::now();
      }
      if (SteadyClock::now() - silent_since > silence_max) return false;
    }
    return true;
  }

  void fill(Result& result) const {
    if (!options_.server_pid) return;
    result.cpu_seconds = usage_of(*options_.server_pid).cpu_seconds - before_.cpu_seconds;
    result.rss_peak_bytes = rss_peak_;
  }

 private:
  std::uint64_t progress() const {
    return crew_.published() + crew_.answered() + crew_.delivered();
  }

  const Crew& crew_;
  const RunOptions& options_;
  ProcessUsage before_;
  std::uint64_t rss_peak_ = 0;
};

double seconds_since(std::uint64_t start_ns, std::uint64_t end_ns) {
  return end_ns > start_ns ? static_cast<double>(end_ns - start_ns) / 1e9 : 0;
}

Result gather(const Plan& plan, const Crew& crew, std::uint64_t start_ns) {
  Result result;
  std::uint64_t last_publish = 0;
  for (const auto& producer : crew.producers) {
    result.published += producer->published.get();
    result.confirmed += producer->confirmed.get();
    result.refused += producer->refused.get();
    result.returned += producer->returned.get();
    result.confirm_latency_ns.add(producer->latency);
    last_publish = std::max(last_publish, producer->last_event_ns.get());
  }
  std::uint64_t last_delivery = 0;
  for (const auto& consumer : crew.consumers) {
    result.delivered += consumer->received.get();
    result.redelivered += consumer->redelivered.get();
    result.foreign += consumer->foreign.get();
    result.order_violations += consumer->order_violations();
    result.deliver_latency_ns.add(consumer->latency);
    last_delivery = std::max(last_delivery, consumer->last_event_ns.get());
  }
  const std::uint64_t expected = result.published - result.refused;
  for (const auto& ledger : crew.ledgers) {
    result.duplicates += ledger->duplicates();
    if (plan.consumers != 0 && ledger->distinct() < expected)
      result.lost += expected - ledger->distinct();
  }
  result.publish_seconds = seconds_since(start_ns, last_publish);
  result.deliver_seconds = seconds_since(start_ns, last_delivery);
  return result;
}

}  // namespace

double Result::publish_rate() const {
  return publish_seconds > 0 ? static_cast<double>(published) / publish_seconds : 0;
}

double Result::deliver_rate() const {
  return deliver_seconds > 0 ? static_cast<double>(delivered) / deliver_seconds : 0;
}

bool Result::is_clean() const {
  return lost == 0 && duplicates == 0 && order_violations == 0 && refused == 0 && returned == 0;
}

Result run_plan(const Plan& plan, const RunOptions& options) {
  const std::uint32_t run = std::random_device{}();
  Topology topology(plan, options, run);
  Crew crew(plan, options, topology, run);
  Watch watch(crew, options);
  for (const auto& consumer : crew.consumers) consumer->start();
  const std::uint64_t start_ns = now_ns();
  const auto end = SteadyClock::now() + plan.duration;
  for (const auto& producer : crew.producers) producer->start();
  watch.until(
      [&] { return plan.messages != 0 ? crew.has_published_all() : SteadyClock::now() >= end; });
  for (const auto& producer : crew.producers) producer->stop();
  const std::uint64_t copies = plan.consumers == 0 ? 0 : plan.queues;
  watch.until(
      [&] { return crew.has_published_all() && crew.delivered() >= crew.published() * copies; });
  crew.close();
  Result result = gather(plan, crew, start_ns);
  watch.fill(result);
  return result;
}

}  // namespace leveret::cli::bench
