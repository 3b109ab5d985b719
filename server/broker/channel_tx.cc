#include <utility>

#include "amqp/reply_code.h"
#include "base/limit_counts.h"
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

void Channel::keep_for_commit(const MessagePtr& message, bool mandatory) {
  const std::uint64_t most = vhost_.limits().transaction_bytes_max;
  const std::uint64_t bytes = connection_.transaction_bytes + message->memory_bytes();
  if (connection_.transaction_bytes > 0 && bytes > most) {
    limits_reached.add(Limit::transaction_bytes);
    throw amqp::Error{ReplyCode::precondition_failed,
                      "the open transactions of this connection have published more than " +
                          std::to_string(most) + " bytes"};
  }
  connection_.transaction_bytes = bytes;
  tx_publishes_.push_back({message, mandatory});
}

std::vector<Channel::TxPublish> Channel::forget_publishes() {
  for (const TxPublish& each : tx_publishes_)
    connection_.transaction_bytes -= each.message->memory_bytes();
  return std::exchange(tx_publishes_, {});
}

/// All of it happens in this turn, so it is one part of one transaction in the store.
void Channel::on(const amqp::tx::Commit&) {
  if (!is_tx_) throw amqp::Error{ReplyCode::precondition_failed, "channel is not transactional"};
  for (const TxPublish& each : forget_publishes()) publish(each.message, each.mandatory);
  tx_settled_ = 0;
  for (TxSettle& settled : std::exchange(tx_settles_, {}))
    for (Delivery& delivery : settled.deliveries) apply(delivery, settled.how);
  vhost_.finish_command();
  reply_after(amqp::tx::CommitOk{}, vhost_.recorded_commit());
}

/// What was acknowledged in the transaction stays unacknowledged; it is not requeued.
void Channel::on(const amqp::tx::Rollback&) {
  if (!is_tx_) throw amqp::Error{ReplyCode::precondition_failed, "channel is not transactional"};
  forget_publishes();
  tx_settled_ = 0;
  for (TxSettle& settled : std::exchange(tx_settles_, {}))
    unacked_.restore(std::move(settled.deliveries));
  reply(amqp::tx::RollbackOk{});
}

}  // namespace leveret::broker
