#include <utility>

#include "amqp/reply_code.h"
#include "broker/channel.h"
#include "broker/connection.h"
#include "broker/queue.h"
#include "broker/vhost.h"

namespace leveret::broker {

using amqp::ReplyCode;

void Channel::on(const amqp::confirm::Select& method) {
  if (is_tx_)
    throw amqp::Error{ReplyCode::precondition_failed, "cannot switch from tx to confirm mode"};
  is_confirm_ = true;
  if (!method.nowait) reply(amqp::confirm::SelectOk{});
}

void Channel::on(const amqp::tx::Select&) {
  if (is_confirm_)
    throw amqp::Error{ReplyCode::precondition_failed, "cannot switch from confirm to tx mode"};
  is_tx_ = true;
  reply(amqp::tx::SelectOk{});
}

/// All of it happens in this turn, so it is one part of one transaction in the store.
void Channel::on(const amqp::tx::Commit&) {
  if (!is_tx_) throw amqp::Error{ReplyCode::precondition_failed, "channel is not transactional"};
  for (const TxPublish& each : std::exchange(tx_publishes_, {}))
    publish(each.message, each.mandatory);
  tx_settled_ = 0;
  for (TxSettle& settled : std::exchange(tx_settles_, {}))
    for (Delivery& delivery : settled.deliveries) apply(delivery, settled.how);
  vhost_.finish_command();
  reply_after(amqp::tx::CommitOk{}, vhost_.recorded_commit());
}

/// What was acknowledged in the transaction stays unacknowledged; it is not requeued.
void Channel::on(const amqp::tx::Rollback&) {
  if (!is_tx_) throw amqp::Error{ReplyCode::precondition_failed, "channel is not transactional"};
  tx_publishes_.clear();
  tx_settled_ = 0;
  for (TxSettle& settled : std::exchange(tx_settles_, {}))
    unacked_.restore(std::move(settled.deliveries));
  reply(amqp::tx::RollbackOk{});
}

}  // namespace leveret::broker
