#include "cli/bench/crew.h"

#include <algorithm>
#include <limits>

#include "cli/text.h"

namespace leveret::cli::bench {
namespace {

void throw_if_closed(const std::optional<client::CloseReason>& reason) {
  if (reason && reason->is_connection)
    throw client::ConnectionError{reason->text, reason->reply_code};
  if (reason) throw client::ChannelError{reason->text, reason->reply_code};
}

}  // namespace

Crew::Crew(const Plan& plan, const client::Url& url, const Topology& topology, std::uint32_t run,
           const Tell& tell)
    : plan_(plan), url_(url), envelopes_(topology.envelopes()) {
  for (unsigned i = 0; i < plan.threads; ++i) loops_.push_back(std::make_unique<client::Loop>());
  for (unsigned i = 0; i < plan.copies(); ++i)
    ledgers.push_back(std::make_unique<Ledger>(plan.producers));
  if (plan.consumers != 0) make_consumers(topology, run, tell);
  make_producers(run);
}

void Crew::make_consumers(const Topology& topology, std::uint32_t run, const Tell& tell) {
  const unsigned step = plan_.queues_per_consumer;
  for (unsigned first = 0; first < plan_.queues; first += step) {
    const auto begin = topology.queues.begin() + first;
    const std::vector<std::string> queues(begin, begin + std::min(step, plan_.queues - first));
    const std::size_t ledger = plan_.copies() == 1 ? 0 : first;
    for (unsigned i = 0; i < plan_.consumers; ++i) {
      consumers.push_back(std::make_unique<Consumer>(loop(ledger), url_,
                                                     named_connection("consumer"), plan_, run,
                                                     first, queues, *ledgers[ledger]));
      if (tell) tell("connected consumers " + with_commas(consumers.size()));
    }
  }
}

void Crew::make_producers(std::uint32_t run) {
  for (unsigned i = 0; i < plan_.producers; ++i) {
    const std::uint64_t share =
        plan_.messages / plan_.producers + (i < plan_.messages % plan_.producers ? 1 : 0);
    ProducerTask task{Stamp{run, i, 0, 0}, envelopes_,
                      plan_.messages == 0 ? std::numeric_limits<std::uint64_t>::max() : share};
    if (plan_.rate > 0) {
      task.interval_ns = 1e9 * plan_.producers / plan_.rate;
      task.offset_ns = task.interval_ns * i / plan_.producers;
    }
    producers.push_back(std::make_unique<Producer>(loop(plan_.copies() + i), url_,
                                                   named_connection("producer"), plan_, task));
  }
}

std::uint64_t Crew::published() const {
  std::uint64_t sum = 0;
  for (const auto& producer : producers) sum += producer->published.get();
  return sum;
}

std::uint64_t Crew::answered() const {
  std::uint64_t sum = 0;
  for (const auto& producer : producers) sum += producer->confirmed.get() + producer->refused.get();
  return sum;
}

std::uint64_t Crew::delivered() const {
  std::uint64_t sum = 0;
  for (const auto& consumer : consumers) sum += consumer->received.get();
  return sum;
}

bool Crew::has_published_all() const {
  return std::ranges::all_of(producers, [](const auto& one) { return one->is_done(); });
}

void Crew::start_producers() {
  for (const auto& producer : producers) producer->start();
}

void Crew::stop_producers() {
  for (const auto& producer : producers) producer->stop();
}

void Crew::start_consumers(const Tell& tell) {
  std::size_t started = 0;
  for (const auto& consumer : consumers) {
    consumer->start();
    if (tell)
      tell("started consumers " + with_commas(++started) + " of " + with_commas(consumers.size()));
  }
}

void Crew::check() const {
  for (const auto& producer : producers) throw_if_closed(producer->close_reason());
  for (const auto& consumer : consumers) throw_if_closed(consumer->close_reason());
}

void Crew::close() {
  for (const auto& producer : producers) producer->close();
  for (const auto& consumer : consumers) consumer->close();
}

}  // namespace leveret::cli::bench
