#include "broker/connection.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "amqp/frame.h"
#include "base/limit_counts.h"
#include "base/log.h"
#include "broker/vhost.h"

namespace leveret::broker {
namespace {

using amqp::ReplyCode;

std::string encode(ChannelNumber channel, const amqp::Method& method) {
  std::string frame;
  amqp::write_method_frame(frame, channel, method);
  return frame;
}

/// How long it shows that a connection had to wait for the store (rabbit_reader.erl, is_in_flow).
constexpr TimeMs flow_shown_ms = 5'000;

/// About how much longer a command takes than publishing or settling a small message.
std::size_t cost_of(const Command& command) {
  constexpr std::size_t cost_of_others = 128;
  constexpr std::size_t bytes_of_one = 1024;
  if (command.content) return 1 + command.content->body().size() / bytes_of_one;
  const bool is_settling = std::holds_alternative<amqp::basic::Ack>(command.method) ||
                           std::holds_alternative<amqp::basic::Nack>(command.method) ||
                           std::holds_alternative<amqp::basic::Reject>(command.method);
  return is_settling ? 1 : cost_of_others;
}

constexpr std::size_t unlimited = std::numeric_limits<std::size_t>::max();

/// So many times what its consumers may have waiting, before answers of others are dropped.
constexpr std::size_t replies_beyond = 16;

constexpr amqp::MethodKey no_method{0, 0, "none"};

/// connection.close and channel.close have the same fields: what rule was broken, and by which
/// method: the one that the error names, else the one being handled.
template <class Close>
std::string encode_close(ChannelNumber channel, const amqp::Error& error,
                         const amqp::MethodKey& handled) {
  const std::string text = error.close_text();
  const bool names_method = error.class_id != 0;
  return encode(channel, Close{.reply_code = static_cast<std::uint16_t>(error.code),
                               .reply_text = text,
                               .class_id = names_method ? error.class_id : handled.class_id,
                               .method_id = names_method ? error.method_id : handled.method_id});
}

}  // namespace

Connection::Connection(Vhost& vhost, ConnectionId id, ConnectionInfo info,
                       std::shared_ptr<Outbox> outbox)
    : vhost_(vhost),
      id_(id),
      info_(std::move(info)),
      permissions_(info_.access, vhost.name()),
      outbox_(std::move(outbox)) {}

Connection::~Connection() = default;

void Connection::set_access(std::shared_ptr<const Access> access, std::uint16_t channels_max) {
  info_.access = access;
  info_.user_channels_max = channels_max;
  permissions_.set(std::move(access));
  for (const auto& [number, channel] : channels_) channel->cancel_unreadable();
}

void Connection::receive(CommandBatch batch) {
  traffic.received += batch.commands.size();
  traffic.received_octets += batch.octets;
  inbox_.push_back(std::move(batch));
  process();
}

void Connection::go_on() {
  is_yielding_ = false;
  process();
}

/// What the client has sent before its connection came to an end counts.
void Connection::catch_up() {
  is_yielding_ = false;
  process(unlimited);
}

void Connection::process(std::size_t budget) {
  if (is_processing_ || is_yielding_) return;
  is_processing_ = true;
  const bool is_last = budget == unlimited;
  const auto may_go_on = [&] { return !is_suspended_ && (is_last || has_read_answers()); };
  while (!inbox_.empty() && may_go_on()) {
    const CommandBatch& batch = inbox_.front();
    while (next_command_ < batch.commands.size() && may_go_on()) {
      if (budget == 0) {
        is_processing_ = false;
        is_yielding_ = true;
        return vhost_.let_others_go_first(*this);
      }
      budget -= std::min(budget, cost_of(batch.commands[next_command_]));
      handle(batch.commands[next_command_]);
      if (!std::exchange(retry_, false))
        ++next_command_;
      else
        budget -= std::min(budget, turn_budget);
    }
    if (next_command_ < batch.commands.size()) break;
    outbox_->consumed(batch.bytes);
    inbox_.pop_front();
    next_command_ = 0;
  }
  is_processing_ = false;
}

void Connection::handle(const Command& command) {
  if (is_ended_) return;
  try {
    if (command.channel == 0)
      handle_connection_method(command.method);
    else
      handle_channel_method(command);
  } catch (const amqp::Error& error) {
    const amqp::MethodKey method = amqp::key_of(command.method);
    if (command.channel == 0 || amqp::is_hard(error.code))
      fail(error, method);
    else
      fail_channel(command.channel, error, method);
  }
  vhost_.finish_command();
}

void Connection::handle_connection_method(const amqp::Method& method) {
  if (std::holds_alternative<amqp::connection::Close>(method)) {
    end({.frame = encode(0, amqp::connection::CloseOk{}), .is_reply = true});
  } else if (std::holds_alternative<amqp::connection::UpdateSecret>(method)) {
    send(EncodedFrame{encode(0, amqp::connection::UpdateSecretOk{})});
  } else {  // rabbit_reader.erl, handle_method0
    throw amqp::Error{ReplyCode::channel_error, "unexpected method " +
                                                    std::string{amqp::key_of(method).name} +
                                                    " in connection state running"};
  }
}

void Connection::handle_channel_method(const Command& command) {
  if (last_channel_ == nullptr || last_channel_->number() != command.channel) {
    const auto it = channels_.find(command.channel);
    if (it == channels_.end()) {
      if (std::holds_alternative<amqp::channel::CloseOk>(command.method)) return;
      if (!std::holds_alternative<amqp::channel::Open>(command.method))
        throw amqp::Error{ReplyCode::channel_error, "expected 'channel.open'"};
      return open_channel(command.channel);
    }
    last_channel_ = it->second.get();
  }
  Channel& channel = *last_channel_;
  if (std::holds_alternative<amqp::channel::Close>(command.method)) {
    close_channel(command.channel);  // its last confirms come before the answer
    return send(EncodedFrame{encode(command.channel, amqp::channel::CloseOk{})});
  }
  if (std::holds_alternative<amqp::channel::CloseOk>(command.method))
    return close_channel(command.channel);
  if (channel.is_closing()) return;
  if (std::holds_alternative<amqp::basic::Publish>(command.method)) {
    if (vhost_.must_wait_to_publish(*this)) return suspend_and_retry();
  }
  channel.handle(command);
}

void Connection::open_channel(ChannelNumber number) {
  if (info_.channel_max != 0 && channels_.size() >= info_.channel_max) {
    limits_reached.add(Limit::channels);
    throw amqp::Error{ReplyCode::not_allowed, "number of channels opened (" +
                                                  std::to_string(channels_.size()) +
                                                  ") has reached the negotiated channel_max (" +
                                                  std::to_string(info_.channel_max) + ")"};
  }
  if (info_.user_channels_max != 0 && vhost_.channels_of(info_.user) >= info_.user_channels_max) {
    limits_reached.add(Limit::user_channels);
    throw amqp::Error{ReplyCode::not_allowed,
                      "number of channels opened for user '" + info_.user +
                          "' has reached the maximum allowed user limit of (" +
                          std::to_string(info_.user_channels_max) + ")"};
  }
  channels_.emplace(number, std::make_unique<Channel>(*this, vhost_, number));
  send(EncodedFrame{encode(number, amqp::channel::OpenOk{})});
}

void Connection::close_channel(ChannelNumber number) {
  const auto it = channels_.find(number);
  if (it == channels_.end()) return;
  it->second->close();
  last_channel_ = nullptr;
  channels_.erase(it);
}

void Connection::close_all_channels() {
  for (const auto& [number, channel] : channels_) channel->close();
  last_channel_ = nullptr;
  channels_.clear();
  vhost_.finish_command();  // what was rejected by a limit still finds its queue
  vhost_.delete_exclusive_queues(*this);
}

void Connection::fail(const amqp::Error& error) {
  catch_up();
  fail(error, no_method);
}

void Connection::fail(const amqp::Error& error, const amqp::MethodKey& method) {
  if (is_ended_) return;
  log::warn("closing connection " + info_.name + ": " + error.close_text());
  end({.frame = encode_close<amqp::connection::Close>(0, error, method), .is_reply = false});
}

void Connection::end(CloseConnection record) {
  close_all_channels();
  send(std::move(record));
  is_ended_ = true;
}

void Connection::fail_channel(ChannelNumber channel, const amqp::Error& error) {
  catch_up();
  fail_channel(channel, error, no_method);
}

void Connection::fail_channel(ChannelNumber number, const amqp::Error& error,
                              const amqp::MethodKey& method) {
  const auto it = channels_.find(number);
  if (it == channels_.end() || it->second->is_closing() || is_ended_) return;
  log::debug("closing channel " + std::to_string(number) + " of " + info_.name + ": " +
             error.close_text());
  it->second->close();
  it->second->set_closing();
  send(EncodedFrame{encode_close<amqp::channel::Close>(number, error, method)});
}

void Connection::drop() {
  catch_up();
  is_ended_ = true;
  close_all_channels();
}

void Connection::send(Outgoing record) {
  if (is_ended_) return;
  answer_bytes_ += cost_bytes(record);
  deliver(std::move(record));
}

void Connection::deliver(Outgoing record) {
  if (is_ended_) return;
  output_bytes_ += cost_bytes(record);
  output_.push_back(std::move(record));
  vhost_.note_output(*this);
}

void Connection::note_output(std::size_t first) {
  for (std::size_t i = first; i < output_.size(); ++i) {
    output_bytes_ += cost_bytes(output_[i]);
    answer_bytes_ += cost_bytes(output_[i]);
  }
  if (first < output_.size()) vhost_.note_output(*this);
}

void Connection::flush() {
  if (output_.empty()) return;
  traffic.sent += output_.size();
  outbox_->send(output_);
}

void Connection::drained(std::size_t bytes, std::uint64_t octets) {
  traffic.sent_octets += octets;
  const bool had_room = has_room();
  const bool had_read_answers = has_read_answers();
  output_bytes_ -= std::min(bytes, output_bytes_);
  answer_bytes_ -= std::min(bytes, answer_bytes_);
  if (!had_room && has_room())
    for (const auto& [number, channel] : channels_) channel->wake_consumers();
  if (!had_read_answers && has_read_answers()) process();
}

bool Connection::has_read_answers() const {
  return answer_bytes_ < vhost_.limits().outbox_bytes_max;
}

bool Connection::has_room_for_replies() const {
  return answer_bytes_ < replies_beyond * vhost_.limits().outbox_bytes_max;
}

bool Connection::has_room() const {
  return output_bytes_ < vhost_.limits().outbox_bytes_max && vhost_.is_delivering();
}

void Connection::suspend(std::optional<Outgoing> record_on_resume) {
  is_suspended_ = true;
  record_on_resume_ = std::move(record_on_resume);
}

void Connection::suspend_and_retry() {
  is_suspended_ = true;
  retry_ = true;
}

void Connection::resume() {
  if (!std::exchange(is_suspended_, false)) return;
  if (record_on_resume_) send(*std::exchange(record_on_resume_, std::nullopt));
  process();
}

void Connection::set_blocked(std::string_view reason) {
  if (std::exchange(is_blocked_, true) || !info_.connection_blocked) return;
  send(EncodedFrame{encode(0, amqp::connection::Blocked{.reason = reason})});
}

void Connection::set_unblocked() {
  if (!std::exchange(is_blocked_, false) || !info_.connection_blocked) return;
  send(EncodedFrame{encode(0, amqp::connection::Unblocked{})});
}

ConnectionState Connection::state() const {
  if (is_blocked_) return ConnectionState::blocked;
  if (vhost_.alarms().any()) return ConnectionState::blocking;
  const bool has_flow = last_flow_at != 0 && vhost_.now() - last_flow_at < flow_shown_ms;
  return has_flow ? ConnectionState::flow : ConnectionState::running;
}

const Channel* Connection::find_channel(ChannelNumber number) const {
  const auto it = channels_.find(number);
  return it == channels_.end() ? nullptr : it->second.get();
}

Channel* Connection::find_channel(ChannelNumber number, std::uint64_t serial) const {
  const auto it = channels_.find(number);
  return it != channels_.end() && it->second->serial() == serial ? it->second.get() : nullptr;
}

}  // namespace leveret::broker
