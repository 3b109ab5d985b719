#include <algorithm>
#include <string>
#include <utility>

#include "amqp/properties.h"
#include "amqp/reply_code.h"
#include "base/limit_counts.h"
#include "base/random.h"
#include "broker/channel.h"
#include "broker/connection.h"
#include "broker/dead_letter.h"
#include "broker/direct_reply.h"
#include "broker/exchange.h"
#include "broker/queue.h"
#include "broker/vhost.h"

namespace leveret::broker {
namespace {

using amqp::ReplyCode;

std::int32_t priority_of(const amqp::Table& arguments) {
  const amqp::Value* value = arguments.find("x-priority");
  if (value == nullptr) return 0;
  const auto priority = value->as_integer();
  if (!priority || *priority < INT32_MIN || *priority > INT32_MAX)
    throw amqp::Error{ReplyCode::precondition_failed,
                      "invalid arg 'x-priority': it must be a 32-bit integer, not '" +
                          amqp::to_text(*value) + "' of type '" +
                          std::string{amqp::type_name(*value)} + "'"};
  return static_cast<std::int32_t>(*priority);
}

/// The argument x-consumer-timeout of basic.consume.
std::optional<std::int64_t> timeout_ms_of(const amqp::Table& arguments) {
  const amqp::Value* value = arguments.find("x-consumer-timeout");
  if (value == nullptr) return std::nullopt;
  const auto timeout = value->as_integer();
  if (!timeout || *timeout < 0 || *timeout > time_max_ms)
    throw amqp::Error{ReplyCode::precondition_failed,
                      "invalid arg 'x-consumer-timeout': it must be a number of milliseconds, ten "
                      "years at most, not '" +
                          amqp::to_text(*value) + "' of type '" +
                          std::string{amqp::type_name(*value)} + "'"};
  return timeout;
}

/// Throws for CC or BCC headers that are no routing keys.
void check_routing_keys(const Message& message) {
  if (message.headers().empty()) return;
  amqp::Reader reader{message.headers()};
  routing_keys_of(message.routing_key(), amqp::read_table(reader));
}

/// RabbitMQ's quorum queues with a single active consumer know no get (rabbit_fifo.erl).
void check_get(const Queue& queue) {
  const amqp::Value* type = queue.arguments().find("x-queue-type");
  const bool is_quorum = type && type->as_string() && *type->as_string() == "quorum";
  if (is_quorum && queue.parsed().single_active_consumer)
    throw amqp::Error{ReplyCode::resource_locked,
                      "cannot obtain access to locked " + queue.describe() +
                          ". basic.get operations are not supported by quorum queues with single "
                          "active consumer"};
}

std::string expiration_of(const Message& message) {
  const auto head = amqp::read_properties_head(message.properties());
  return std::string{head.expiration.value_or("")};
}

[[noreturn]] void unknown_tag(std::uint64_t tag) {
  throw amqp::Error{ReplyCode::precondition_failed, "unknown delivery tag " + std::to_string(tag)};
}

}  // namespace

void Channel::on(const amqp::basic::Publish& method) {
  check_publish(method, **content_);
  const MessagePtr message = with_reply_address(*content_);
  if (!is_tx_) return publish(message, method.mandatory);
  check_routing_keys(*message);  // the commit must not fail half-way
  keep_for_commit(message, method.mandatory);
}

void Channel::check_publish(const amqp::basic::Publish& method, const Message& message) const {
  if (method.immediate) throw amqp::Error{ReplyCode::not_implemented, "immediate=true"};
  permissions().require_publish(message.exchange());
  const Exchange& exchange = vhost_.exchange(message.exchange());
  if (exchange.is_internal())
    throw amqp::Error{ReplyCode::access_refused, "cannot publish to internal exchange '" +
                                                     exchange.name() + "' in vhost '" +
                                                     vhost_.name() + "'"};
  permissions().require_topics(exchange, message);
  if (message.ttl_ms() == Message::ttl_invalid)
    throw amqp::Error{ReplyCode::precondition_failed,
                      "invalid expiration '" + expiration_of(message) +
                          "': " + why_invalid_expiration(expiration_of(message))};
  if (!message.has_user_id() || permissions().is_impersonator()) return;
  const auto user_id = *amqp::read_properties_head(message.properties()).user_id;
  if (user_id != connection_.info().user)
    throw amqp::Error{ReplyCode::precondition_failed,
                      "user_id property set to '" + std::string{user_id} +
                          "' but authenticated user was '" + connection_.info().user + "'"};
}

void Channel::publish(const MessagePtr& message, bool mandatory) {
  // Gone when a transaction published to an exchange that has been deleted since: as unroutable.
  Exchange* exchange = vhost_.find_exchange(message->exchange());
  ConfirmOrigin origin;
  if (is_confirm_) {
    origin = {.connection = connection_.id(),
              .channel_serial = serial_,
              .publish_number = confirms_.add(vhost_.journal().current_commit()),
              .channel = number_};
  }
  Vhost::PublishResult result;
  if (exchange) result = vhost_.publish(*exchange, message, origin);
  if (result.stored_copies > 0)
    connection_.store_debt.add(vhost_.recorded_commit(), message->memory_bytes());
  if (result.is_in_transient_store)
    connection_.transient_debt.add(vhost_.transients_recorded(), message->memory_bytes());
  vhost_.count_publish(*message, is_confirm_);
  ++message_stats_.publish;
  if (!std::exchange(has_published_, true)) ++vhost_.publishers;
  if (!result.is_routed) {
    if (mandatory) connection_.send(Return{number_, visible_form(message)});
    ++(mandatory ? vhost_.stats().return_unroutable : vhost_.stats().drop_unroutable);
    ++(mandatory ? message_stats_.return_unroutable : message_stats_.drop_unroutable);
  }
  if (!is_confirm_) return;
  if (result.is_refused)
    confirms_.set_refused();
  else
    confirms_.set_stored_copies(result.stored_copies);
  if (result.stored_copies > 0) vhost_.await_commit(*this);
  vhost_.note_confirms(*this);
}

void Channel::on(const amqp::basic::Qos& method) {
  if (method.prefetch_size != 0)
    throw amqp::Error{ReplyCode::not_implemented,
                      "prefetch_size!=0 (" + std::to_string(method.prefetch_size) + ")"};
  if (method.global) {
    channel_prefetch_ = method.prefetch_count;
    wake_consumers();
  } else {
    consumer_prefetch_ = method.prefetch_count;
  }
  reply(amqp::basic::QosOk{});
}

void Channel::on(const amqp::basic::Consume& method) {
  if (method.queue == direct_reply_queue) return consume_replies(method);
  permissions().require_queue(Right::read, queue_name_or_last(method.queue));
  Queue& queue = find_queue(method.queue);
  const std::string tag =
      method.consumer_tag.empty() ? random_name("amq.ctag-") : std::string{method.consumer_tag};
  check_consumer_tag(tag);
  vhost_.check_arguments(method.arguments, "consume from " + queue.describe());
  auto consumer = std::make_unique<Consumer>();
  consumer->tag = Blob::copy(tag);
  consumer->channel = this;
  consumer->queue = &queue;
  consumer->no_ack = method.no_ack;
  consumer->exclusive = method.exclusive;
  consumer->prefetch = consumer_prefetch_;
  consumer->priority = priority_of(method.arguments);
  consumer->timeout_ms = timeout_ms_of(method.arguments);
  consumer->arguments = method.arguments;
  queue.add_consumer(*consumer);
  consumers_.emplace(tag, std::move(consumer));
  if (!method.nowait) reply(amqp::basic::ConsumeOk{.consumer_tag = tag});
}

/// Also that there may be one more (rabbit_channel.erl).
void Channel::check_consumer_tag(const std::string& tag) const {
  const bool is_reply_tag = reply_consumer_ && reply_consumer_->tag->view() == tag;
  if (consumers_.contains(tag) || is_reply_tag)
    throw amqp::Error{ReplyCode::not_allowed, "attempt to reuse consumer tag '" + tag + "'"};
  const std::size_t most = vhost_.limits().consumers_per_channel_max;
  if (consumers_.size() < most) return;
  limits_reached.add(Limit::consumers);
  throw amqp::Error{ReplyCode::not_allowed,
                    "reached maximum (" + std::to_string(most) + ") of consumers per channel"};
}

void Channel::on(const amqp::basic::Cancel& method) {
  const auto it = consumers_.find(method.consumer_tag);
  if (it != consumers_.end()) {
    Consumer& consumer = *it->second;
    consumer.queue->remove_consumer(consumer);
    drop_consumer(consumer);
  } else {
    cancel_replies(method.consumer_tag);  // any other tag is fine too, as in RabbitMQ
  }
  if (!method.nowait) reply(amqp::basic::CancelOk{.consumer_tag = method.consumer_tag});
}

void Channel::on(const amqp::basic::Get& method) {
  permissions().require_queue(Right::read, queue_name_or_last(method.queue));
  Queue& queue = find_queue(method.queue);
  check_get(queue);
  queue.touch();
  std::optional<Entry> entry = queue.take();
  if (!entry && !queue.is_head_loaded()) {
    queue.when_loaded([&vhost = vhost_, id = connection_.id()] { vhost.resume(id); });
    connection_.suspend_and_retry();
    return;
  }
  MessageStats& stats = vhost_.stats(queue.kind());
  if (!entry) {
    ++queue.stats.get_empty;
    ++stats.get_empty;
    ++message_stats_.get_empty;
    reply(amqp::basic::GetEmpty{});
    return;
  }
  ++(method.no_ack ? queue.stats.get_no_ack : queue.stats.get);
  ++(method.no_ack ? stats.get_no_ack : stats.get);
  ++(method.no_ack ? message_stats_.get_no_ack : message_stats_.get);
  if (entry->is_redelivered) ++queue.stats.redeliver, ++stats.redeliver, ++message_stats_.redeliver;
  GetOk record{.channel = number_,
               .redelivered = entry->is_redelivered,
               .message_count = static_cast<std::uint32_t>(queue.ready().count()),
               .delivery_tag = 0,
               .message = delivered_form(queue, *entry)};
  if (method.no_ack) {
    queue.settle(*entry);
    record.delivery_tag = ++last_tag_;
  } else {
    record.delivery_tag = hold(queue, nullptr, std::move(*entry));
  }
  connection_.send(std::move(record));
}

void Channel::on(const amqp::basic::Ack& method) {
  settle(method.delivery_tag, method.multiple, Settlement::ack);
}

void Channel::on(const amqp::basic::Nack& method) {
  settle(method.delivery_tag, method.multiple,
         method.requeue ? Settlement::requeue : Settlement::reject);
}

void Channel::on(const amqp::basic::Reject& method) {
  settle(method.delivery_tag, false, method.requeue ? Settlement::requeue : Settlement::reject);
}

void Channel::settle(std::uint64_t tag, bool multiple, Settlement how) {
  // Tag 0 with `multiple` is everything, and nothing outstanding is fine then (4.3, rule of 0-9-1).
  const bool is_everything = multiple && tag == 0;
  if (!is_everything && !unacked_.contains(tag)) {
    if (!forget_timed_out(tag, multiple)) unknown_tag(tag);
    if (!multiple) return;
  }
  if (is_tx_) {
    TxSettle settled{.deliveries = {}, .how = how};
    if (multiple)
      settled.deliveries = unacked_.take_up_to(tag);
    else
      settled.deliveries.push_back(std::move(*unacked_.take(tag)));
    tx_settled_ += settled.deliveries.size();
    tx_settles_.push_back(std::move(settled));
    return;
  }
  if (!multiple) {
    std::optional<Delivery> delivery = unacked_.take(tag);
    apply(*delivery, how);
    return;
  }
  // What is delivered before it has come to an end is not meant.
  if (is_everything && settling_up_to_ == 0) settling_up_to_ = unacked_.last_tag();
  const std::uint64_t last = is_everything ? std::exchange(settling_up_to_, 0) : tag;
  if (how == Settlement::requeue) return requeue_up_to(last);
  settle_up_to(last, how);
  if (!unacked_.contains(last)) return;
  if (is_everything) settling_up_to_ = last;
  connection_.go_on_with_this();
}

/// Some of them, so that nobody waits long; all in order.
void Channel::settle_up_to(std::uint64_t tag, Settlement how) {
  const std::size_t count =
      unacked_.contains(tag) ? vhost_.limits().settled_per_turn : Unacked::all;
  for (Delivery& delivery : unacked_.take_up_to(tag, count)) apply(delivery, how);
}

/// What comes after the command waits until all is back.
void Channel::requeue_up_to(std::uint64_t tag) {
  const bool is_back = vhost_.requeueing().add(
      unacked_.split_up_to(tag), [&vhost = vhost_, id = connection_.id()] { vhost.resume(id); });
  if (channel_prefetch_ != 0) wake_consumers();
  if (!is_back) connection_.suspend();
}

void Channel::apply(Delivery& delivery, Settlement how) {
  if (delivery.consumer) --delivery.consumer->unacked;
  Queue* queue = delivery.queue;
  if (queue) {
    switch (how) {
      case Settlement::ack:
        ++queue->stats.ack;
        ++vhost_.stats(queue->kind()).ack;
        ++message_stats_.ack;
        queue->settle(delivery.entry);
        break;
      case Settlement::requeue: queue->requeue(std::move(delivery.entry)); break;
      case Settlement::reject: queue->reject(std::move(delivery.entry)); break;
    }
    if (queue->has_ready()) vhost_.mark_dirty(*queue);
  }
  if (channel_prefetch_ != 0) wake_consumers();
}

void Channel::on(const amqp::basic::Recover& method) {
  if (!method.requeue) throw amqp::Error{ReplyCode::not_implemented, "requeue=false"};
  requeue_up_to(0);
  // At once: what is delivered behind the answer is not meant by it.
  reply(amqp::basic::RecoverOk{});
}

void Channel::on(const amqp::basic::RecoverAsync& method) {
  if (!method.requeue) throw amqp::Error{ReplyCode::not_implemented, "requeue=false"};
  requeue_up_to(0);
}

}  // namespace leveret::broker
