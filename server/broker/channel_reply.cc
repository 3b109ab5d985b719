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
#include "broker/vhost.h"

namespace leveret::broker {

using amqp::ReplyCode;

void Channel::consume_replies(const amqp::basic::Consume& method) {
  if (reply_consumer_)
    throw amqp::Error{ReplyCode::precondition_failed, "reply consumer already set"};
  if (!method.no_ack)
    throw amqp::Error{ReplyCode::precondition_failed, "reply consumer cannot acknowledge"};
  const std::string tag =
      method.consumer_tag.empty() ? random_name("amq.ctag-") : std::string{method.consumer_tag};
  check_consumer_tag(tag);
  reply_consumer_ = {Blob::copy(tag), random_name(direct_reply_prefix)};
  vhost_.add_reply_address(reply_consumer_->address, *this);
  if (!method.nowait) reply(amqp::basic::ConsumeOk{.consumer_tag = tag});
}

bool Channel::cancel_replies(std::string_view consumer_tag) {
  if (!reply_consumer_ || reply_consumer_->tag->view() != consumer_tag) return false;
  vhost_.remove_reply_address(reply_consumer_->address);
  reply_consumer_.reset();
  return true;
}

MessagePtr Channel::with_reply_address(const MessagePtr& message) const {
  if (!message->wants_direct_reply()) return message;
  if (!reply_consumer_)
    throw amqp::Error{ReplyCode::precondition_failed, "fast reply consumer does not exist"};
  amqp::Properties properties = amqp::read_properties(message->properties());
  properties.reply_to = reply_consumer_->address;
  return Message::make(message->exchange(), message->routing_key(),
                       amqp::write_properties(properties), message->body(),
                       message->published_at());
}

bool Channel::deliver_reply(const MessagePtr& message) {
  if (!connection_.has_room_for_replies()) {
    limits_reached.add(Limit::output_time);
    return false;
  }
  ++vhost_.stats().deliver_no_ack;
  ++message_stats_.deliver_no_ack;
  connection_.send(
      Deliver{number_, false, reply_consumer_->tag, ++last_tag_, visible_form(message)});
  return true;
}

}  // namespace leveret::broker
