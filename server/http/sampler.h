#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "broker/activity.h"
#include "broker/inspect.h"
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
  broker::Activity activity;
  /// Of the queues that somebody watches.
  std::vector<QueueDetail> details;
  /// The processor time that it took of the core.
  std::chrono::nanoseconds cost{};
};

/// Samples every core once a second, keeps the rates and feeds the live events, until the server
/// stops. A round that costs a core much makes the next one wait fifty times as long: watching
/// takes at most two per cent of a core's time.
boost::asio::awaitable<void> sample_forever(std::shared_ptr<Context> context);

/// One round, with the details of the queues among `topics`.
boost::asio::awaitable<std::vector<VhostSample>> take_samples(std::shared_ptr<Context> context,
                                                              std::vector<Topic> topics);

}  // namespace leveret::http
