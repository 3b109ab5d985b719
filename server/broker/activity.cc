#include "broker/activity.h"

#include "broker/channel.h"
#include "broker/connection.h"
#include "broker/exchange.h"
#include "broker/vhost.h"

namespace leveret::broker {

ActivitySurvey::ActivitySurvey(const Vhost& vhost)
    : connections_end_(vhost.all_connections().end()),
      exchanges_end_(vhost.all_exchanges().end()),
      channels_(vhost) {}

bool ActivitySurvey::look(const Vhost& vhost, std::size_t count) {
  for (; count > 0 && connection_ < connections_end_; --count)
    if (const auto* each = vhost.all_connections().next(connection_, connections_end_))
      activity_.connections.push_back({each->roster_serial, each->traffic});
  for (; count > 0 && exchange_ < exchanges_end_; --count)
    if (const auto* each = vhost.all_exchanges().next(exchange_, exchanges_end_))
      activity_.exchanges.push_back({each->roster_serial, each->publish_in, each->publish_out});
  while (const Channel* each = channels_.next(vhost, count))
    activity_.channels.push_back({each->serial(), each->message_stats()});
  return connection_ < connections_end_ || exchange_ < exchanges_end_ || channels_.has_more();
}

}  // namespace leveret::broker
