#pragma once

#include <cstddef>

#include "broker/inspect.h"
#include "broker/roster.h"

namespace leveret::broker {

class Vhost;

/// Adds up what there is in a virtual host, a few objects a turn, as the surveys of survey.h do:
/// what has happened is of the turn that it is begun in.
class OverviewSurvey {
 public:
  explicit OverviewSurvey(const Vhost& vhost);
  /// Looks at up to `count` more; returns whether there are more.
  bool look(const Vhost& vhost, std::size_t count);
  const OverviewView& view() const { return view_; }

 private:
  OverviewView view_;
  RosterPlace connection_ = 0;
  RosterPlace connections_end_;
  RosterPlace queue_ = 0;
  RosterPlace queues_end_;
};

}  // namespace leveret::broker
