#include "broker/overview_survey.h"

#include "broker/connection.h"
#include "broker/queue.h"
#include "broker/vhost.h"

namespace leveret::broker {

OverviewSurvey::OverviewSurvey(const Vhost& vhost)
    : connections_end_(vhost.all_connections().end()), queues_end_(vhost.all_queues().end()) {
  view_.connections = vhost.all_connections().size();
  view_.exchanges = vhost.all_exchanges().size();
  view_.queues = vhost.all_queues().size();
  view_.alarms = vhost.alarms();
  view_.stats = vhost.all_messages();
  view_.churn = vhost.churn();
}

bool OverviewSurvey::look(const Vhost& vhost, std::size_t count) {
  for (; count > 0 && connection_ < connections_end_; --count)
    if (const auto* connection = vhost.all_connections().next(connection_, connections_end_))
      view_.channels += connection->channel_count();
  for (; count > 0 && queue_ < queues_end_; --count) {
    const Queue* queue = vhost.all_queues().next(queue_, queues_end_);
    if (queue == nullptr) break;
    view_.consumers += queue->consumers().size();
    view_.ready += queue->ready().count();
    view_.unacked += queue->unacked_count();
  }
  return connection_ < connections_end_ || queue_ < queues_end_;
}

}  // namespace leveret::broker
