#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "amqp/reply_code.h"
#include "base/log.h"
#include "broker/channel.h"
#include "broker/connection.h"
#include "broker/queue.h"
#include "broker/vhost.h"

namespace leveret::broker {
namespace {

/// Tags that are remembered after a timeout. A client that settles an older one gets an error.
constexpr std::size_t timed_out_max = 65536;

/// The consumer's own argument, its queue's, for quorum queues the broker's.
TimeMs timeout_of(const Queue& queue, const Consumer* consumer, const Limits& limits) {
  if (consumer && consumer->timeout_ms) return *consumer->timeout_ms;
  if (queue.parsed().consumer_timeout_ms) return *queue.parsed().consumer_timeout_ms;
  return queue.parsed().is_quorum ? limits.consumer_timeout_ms : 0;
}

}  // namespace

void Channel::note_due(Delivery& delivery) {
  const TimeMs timeout = timeout_of(*delivery.queue, delivery.consumer, vhost_.limits());
  if (timeout == 0) return;
  delivery.due_at = vhost_.now() + timeout;
  if (next_due_ != 0 && next_due_ <= delivery.due_at) return;
  next_due_ = delivery.due_at;
  vhost_.add_deadline(next_due_, *this);
}

void Channel::time_out() {
  TimeMs next = 0;
  std::vector<Consumer*> late;
  for (Delivery& delivery : unacked_.take_due(vhost_.now(), next)) {
    timed_out_.insert(delivery.tag);
    if (delivery.consumer && std::ranges::find(late, delivery.consumer) == late.end())
      late.push_back(delivery.consumer);
    apply(delivery, Settlement::requeue);
  }
  while (timed_out_.size() > timed_out_max) timed_out_.erase(timed_out_.begin());
  next_due_ = next;
  if (next != 0) vhost_.add_deadline(next, *this);
  for (Consumer* consumer : late)
    if (!is_closing_) cancel_late(*consumer);
}

/// A client that would not understand the cancellation has its channel closed, as RabbitMQ does.
void Channel::cancel_late(Consumer& consumer) {
  const TimeMs timeout = timeout_of(*consumer.queue, &consumer, vhost_.limits());
  const std::string what = "delivery acknowledgement on channel " + std::to_string(number_) +
                           " timed out. Timeout value used: " + std::to_string(timeout) + " ms";
  log::warn(connection_.info().name + ", consumer '" + std::string{consumer.tag->view()} + "' of " +
            consumer.queue->describe() + ": " + what + "; the message goes back");
  if (!connection_.info().consumer_cancel_notify)
    return connection_.fail_channel(
        number_, amqp::Error{amqp::ReplyCode::precondition_failed,
                             what + ". This timeout value can be configured, see consumers doc "
                                    "guide to learn more"});
  consumer.queue->remove_consumer(consumer);
  cancel_from_server(consumer);
}

/// Whether `tag` was one that has timed out: then there is nothing to settle but, with `multiple`,
/// what came before it.
bool Channel::forget_timed_out(std::uint64_t tag, bool multiple) {
  const auto at = timed_out_.find(tag);
  if (at == timed_out_.end()) return false;
  if (multiple)
    timed_out_.erase(timed_out_.begin(), std::next(at));
  else
    timed_out_.erase(at);
  return true;
}

}  // namespace leveret::broker
