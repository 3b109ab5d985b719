#include "broker/channel.h"

#include <utility>

#include "amqp/frame.h"
#include "amqp/reply_code.h"
#include "broker/connection.h"
#include "broker/dead_letter.h"
#include "broker/queue.h"
#include "broker/vhost.h"

namespace leveret::broker {

Channel::Channel(Connection& connection, Vhost& vhost, ChannelNumber number)
    : connection_(connection),
      vhost_(vhost),
      number_(number),
      serial_(vhost.next_channel_serial()) {
  ++vhost.churn().channels_opened;
}

Channel::~Channel() = default;

/// Server-to-client methods, and those of connection, are not expected here.
template <class M>
void Channel::on(const M&) {
  throw amqp::Error{amqp::ReplyCode::command_invalid,
                    "unimplemented method " + std::string{M::key.name}};
}

void Channel::handle(const Command& command) {
  content_ = &command.content;
  std::visit([this](const auto& method) { on(method); }, command.method);
}

void Channel::on(const amqp::channel::Open&) {
  throw amqp::Error{amqp::ReplyCode::channel_error, "second 'channel.open' seen"};
}

void Channel::on(const amqp::channel::Flow& method) {
  if (!method.active) throw amqp::Error{amqp::ReplyCode::not_implemented, "active=false"};
  reply(amqp::channel::FlowOk{.active = true});
}

void Channel::on(const amqp::access::Request&) {
  reply(amqp::access::RequestOk{});
}

void Channel::close() {
  // What is safe is confirmed while it still can be. Nothing may be later: the client may have
  // opened the number again and would take it for one of the new channel's.
  send_confirms();
  confirms_ = {};
  if (reply_consumer_) cancel_replies(reply_consumer_->tag->view());
  for (const auto& [tag, consumer] : consumers_) consumer->queue->remove_consumer(*consumer);
  for (TxSettle& settle : std::exchange(tx_settles_, {}))
    unacked_.restore(std::move(settle.deliveries));
  tx_settled_ = 0;
  vhost_.requeueing().add(std::exchange(unacked_, {}));
  consumers_.clear();
  forget_publishes();
  ++vhost_.churn().channels_closed;
  if (has_published_) --vhost_.publishers;
}

void Channel::set_closing() {
  is_closing_ = true;
}

bool Channel::can_deliver(const Consumer& consumer) const {
  const bool has_credit = consumer.no_ack || channel_prefetch_ == 0 ||
                          unacked_.count() + tx_settled_ < channel_prefetch_;
  return has_credit && connection_.has_room();
}

void Channel::deliver(Consumer& consumer, Entry entry) {
  MessagePtr message = delivered_form(*consumer.queue, entry);
  const bool redelivered = entry.is_redelivered;
  const std::uint64_t tag =
      consumer.no_ack ? ++last_tag_ : hold(*consumer.queue, &consumer, std::move(entry));
  MessageStats& stats = vhost_.stats(consumer.queue->kind());
  ++(consumer.no_ack ? stats.deliver_no_ack : stats.deliver);
  ++(consumer.no_ack ? message_stats_.deliver_no_ack : message_stats_.deliver);
  if (redelivered) ++stats.redeliver, ++message_stats_.redeliver;
  connection_.deliver(Deliver{number_, redelivered, consumer.tag, tag, std::move(message)});
}

std::uint64_t Channel::hold(Queue& queue, Consumer* consumer, Entry entry) {
  if (consumer) ++consumer->unacked;
  queue.let_go_beyond_window(entry);
  Delivery delivery{++last_tag_, &queue, consumer, std::move(entry)};
  note_due(delivery);
  unacked_.add(std::move(delivery));
  return last_tag_;
}

/// Quorum queues, and any queue with a delivery limit, tell how often a message has come before.
MessagePtr Channel::delivered_form(const Queue& queue, const Entry& entry) const {
  const bool tells_count = entry.delivery_count != 0 && queue.parsed().counts_deliveries;
  try {
    if (!tells_count) return visible_form(entry.message);
    return with_delivery_count(*entry.message, entry.delivery_count);
  } catch (const amqp::Error&) {  // its headers have grown beyond what can be read again
    return entry.message;
  }
}

void Channel::cancel_from_server(Consumer& consumer) {
  if (connection_.info().consumer_cancel_notify)
    reply(amqp::basic::Cancel{.consumer_tag = consumer.tag->view(), .nowait = true});
  drop_consumer(consumer);
}

void Channel::cancel_unreadable() {
  std::vector<Consumer*> doomed;
  for (const auto& [tag, consumer] : consumers_)
    if (!permissions().allows_queue(Right::read, consumer->queue->name()))
      doomed.push_back(consumer.get());
  for (Consumer* consumer : doomed) {
    consumer->queue->remove_consumer(*consumer);
    cancel_from_server(*consumer);
  }
}

Permissions& Channel::permissions() const {
  return connection_.permissions();
}

void Channel::drop_consumer(Consumer& consumer) {
  unacked_.for_each([&](Delivery& delivery) {
    if (delivery.consumer == &consumer) delivery.consumer = nullptr;
  });
  for (TxSettle& settle : tx_settles_)
    for (Delivery& delivery : settle.deliveries)
      if (delivery.consumer == &consumer) delivery.consumer = nullptr;
  consumers_.erase(consumers_.find(consumer.tag->view()));
}

void Channel::forget_queue(const Queue& queue) {
  unacked_.forget_queue(queue);
  for (TxSettle& settle : tx_settles_)
    for (Delivery& delivery : settle.deliveries)
      if (delivery.queue == &queue) delivery.queue = nullptr;
}

void Channel::send_confirms() {
  confirms_.committed(vhost_.committed());
  const std::size_t before = confirms_.count();
  std::vector<Outgoing>& output = connection_.output();
  const std::size_t first = output.size();
  confirms_.collect(number_, output);
  vhost_.stats().confirm += before - confirms_.count();
  message_stats_.confirm += before - confirms_.count();
  connection_.note_output(first);
}

void Channel::wake_consumers() {
  for (const auto& [tag, consumer] : consumers_)
    if (consumer->queue->has_ready()) vhost_.mark_dirty(*consumer->queue);
}

EncodedFrame Channel::encode(const amqp::Method& method) const {
  EncodedFrame frame;
  amqp::write_method_frame(frame.bytes, number_, method);
  return frame;
}

void Channel::reply(const amqp::Method& method) {
  connection_.send(encode(method));
}

void Channel::reply_durably(const amqp::Method& method) {
  reply_after(method, vhost_.definitions_commit());
}

void Channel::reply_after(const amqp::Method& method, CommitNumber commit) {
  if (commit <= vhost_.committed()) return reply(method);
  connection_.suspend(encode(method));
  vhost_.resume_after_commit(connection_, commit);
}

/// The empty name stands for the queue declared last on this channel.
std::string Channel::queue_name_or_last(std::string_view name) const {
  if (!name.empty()) return strip_line_breaks(name);
  if (last_queue_.empty())
    throw amqp::Error{amqp::ReplyCode::not_found, "no previously declared queue"};
  return last_queue_;
}

Queue& Channel::find_queue(std::string_view name) const {
  return vhost_.queue(queue_name_or_last(name), connection_.id());
}

}  // namespace leveret::broker
