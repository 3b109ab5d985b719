#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "broker/client_survey.h"
#include "broker/roster.h"
#include "broker/stats.h"

/// What connections, channels and exchanges have done, as small copies that rates are computed
/// from. Each is known by its `serial`, which no other of its kind in the virtual host ever had.
namespace leveret::broker {

class Vhost;

struct Activity {
  struct Connection {
    std::uint64_t serial = 0;
    Traffic traffic;
  };
  struct Channel {
    std::uint64_t serial = 0;
    MessageStats stats;
  };
  struct Exchange {
    std::uint64_t serial = 0;
    std::uint64_t publish_in = 0;
    std::uint64_t publish_out = 0;
  };
  std::vector<Connection> connections;
  std::vector<Channel> channels;
  std::vector<Exchange> exchanges;
};

/// Looks at all of them, a few a turn, as the surveys of survey.h do.
class ActivitySurvey {
 public:
  explicit ActivitySurvey(const Vhost& vhost);
  bool look(const Vhost& vhost, std::size_t count);
  Activity take() { return std::move(activity_); }

 private:
  Activity activity_;
  RosterPlace connection_ = 0;
  RosterPlace connections_end_;
  RosterPlace exchange_ = 0;
  RosterPlace exchanges_end_;
  ChannelWalk channels_;
};

}  // namespace leveret::broker
