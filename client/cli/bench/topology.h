#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "cli/bench/plan.h"
#include "lib/channel.h"

namespace leveret::cli::bench {

/// What a run says while it works.
using Tell = std::function<void(const std::string&)>;

client::ConnectionOptions named_connection(const std::string& role);
/// "leveret.bench.RUN.": what the names of a run's queues begin with.
std::string prefix_of(std::uint32_t run);

/// Exchange, queues and bindings of a run; removed at its end unless the plan keeps them. What is
/// many is declared without waiting for each answer.
class Topology {
 public:
  Topology(const Plan& plan, const client::Url& url, std::uint32_t run, Tell tell);
  Topology(const Topology&) = delete;
  Topology& operator=(const Topology&) = delete;
  ~Topology();

  /// One for each key of the plan.
  std::vector<client::Envelope> envelopes() const;
  double setup_seconds() const { return setup_seconds_; }

  std::vector<std::string> queues;

 private:
  void declare_queues();
  void declare_exchange();
  void bind();
  /// Waits for what is on its way once in a while, and says how far it is.
  void pace(const char* what, unsigned done, unsigned total);

  const Plan& plan_;
  const std::string prefix_;
  std::string exchange_;
  Tell tell_;
  double setup_seconds_ = 0;
  client::Connection connection_;
  client::Channel channel_;
};

}  // namespace leveret::cli::bench
