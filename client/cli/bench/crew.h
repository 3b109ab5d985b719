#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "cli/bench/load.h"
#include "cli/bench/topology.h"

namespace leveret::cli::bench {

/// The producers and consumers of a run, spread over loops. Consumers that share a ledger share a
/// loop: those of one queue, or all of them where each message goes to one of the queues.
class Crew {
 public:
  Crew(const Plan& plan, const client::Url& url, const Topology& topology, std::uint32_t run,
       const Tell& tell);

  std::uint64_t published() const;
  std::uint64_t answered() const;
  std::uint64_t delivered() const;
  bool has_published_all() const;
  void start_producers();
  void stop_producers();
  void start_consumers(const Tell& tell);
  /// Throws when the broker has closed one of the channels.
  void check() const;
  void close();

 private:
  void make_consumers(const Topology& topology, std::uint32_t run, const Tell& tell);
  void make_producers(std::uint32_t run);
  client::Loop& loop(std::size_t number) { return *loops_[number % loops_.size()]; }

  const Plan& plan_;
  const client::Url url_;
  std::vector<std::unique_ptr<client::Loop>> loops_;
  const std::vector<client::Envelope> envelopes_;

 public:
  std::vector<std::unique_ptr<Ledger>> ledgers;
  std::vector<std::unique_ptr<Producer>> producers;
  std::vector<std::unique_ptr<Consumer>> consumers;
};

}  // namespace leveret::cli::bench
