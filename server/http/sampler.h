#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "broker/inspect.h"
#include "http/rates.h"
#include "http/render.h"
#include "http/topic.h"

namespace leveret::http {

struct Context;

/// One virtual host as it was at one moment.
struct VhostSample {
  std::string vhost;
  TimeMs time = 0;
  broker::OverviewView overview;
  std::vector<broker::QueueView> queues;
  /// Of the queues that somebody watches.
  std::vector<QueueDetail> details;
  /// The processor time that it took of the core.
  std::chrono::nanoseconds cost{};
};

/// What rates are computed from: a few seconds of counters per queue and for the whole.
class RateHistory {
 public:
  /// Takes over a round of samples, one per virtual host; queues that are not in it are forgotten.
  void add(const std::vector<VhostSample>& samples);

  /// Null when the queue is newer than the last sample.
  const RateWindow* find(std::string_view vhost, std::string_view queue) const;
  const RateWindow& overall() const { return overall_; }

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>{}(text);
    }
  };
  struct QueueWindow {
    RateWindow rates;
    std::uint64_t round = 0;
  };
  using Queues = std::unordered_map<std::string, QueueWindow, Hash, std::equal_to<>>;

  std::unordered_map<std::string, Queues, Hash, std::equal_to<>> vhosts_;
  RateWindow overall_;
  std::uint64_t round_ = 0;
};

/// Samples every core once a second, keeps the rates and feeds the live events, until the server
/// stops. A round that costs a core much makes the next one wait fifty times as long: watching
/// takes at most two per cent of a core's time.
boost::asio::awaitable<void> sample_forever(std::shared_ptr<Context> context);

/// One round, with the details of the queues among `topics`.
boost::asio::awaitable<std::vector<VhostSample>> take_samples(std::shared_ptr<Context> context,
                                                              std::vector<Topic> topics);

}  // namespace leveret::http
