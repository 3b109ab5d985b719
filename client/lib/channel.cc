#include "lib/channel.h"

#include <utility>

#include "lib/link.h"

namespace leveret::client {

namespace {

/// Decodes an answer, which must be an `Expected`. Its views point into `reply`.
template <class Expected>
Expected read_as(const StoredReply& reply) {
  amqp::Method method = amqp::read_method(reply.method);
  if (auto* expected = std::get_if<Expected>(&method)) return std::move(*expected);
  throw ConnectionError{"unexpected " + std::string{amqp::key_of(method).name} +
                        " from the server where " + std::string{Expected::key.name} +
                        " was expected"};
}

QueueState read_queue_state(const StoredReply& reply) {
  const auto ok = read_as<amqp::queue::DeclareOk>(reply);
  return {std::string{ok.queue}, ok.message_count, ok.consumer_count};
}

amqp::queue::Declare declaration_of(std::string_view name, const QueueOptions& options) {
  amqp::queue::Declare declare;
  declare.queue = name;
  declare.durable = options.durable;
  declare.exclusive = options.exclusive;
  declare.auto_delete = options.auto_delete;
  declare.arguments = options.arguments;
  return declare;
}

}  // namespace

template <class Expected>
void Channel::call(const amqp::Method& method) {
  read_as<Expected>(link_->call(*state_, method));
}

void Channel::send(const amqp::Method& method) {
  link_->send(*state_, false,
              [&](std::string& out) { amqp::write_method_frame(out, state_->number, method); });
}

Channel::Channel(Connection& connection, ChannelListener* listener)
    : link_(connection.link_), state_(link_->open_channel(listener)) {}

Channel::~Channel() {
  link_->abandon_channel(state_);
}

void Channel::close() {
  if (is_open()) call<amqp::channel::CloseOk>(amqp::channel::Close{200, "", 0, 0});
  link_->abandon_channel(state_);
}

bool Channel::is_open() const {
  return link_->is_open(*state_);
}

std::optional<CloseReason> Channel::close_reason() const {
  return link_->close_reason(*state_);
}

// Queues

QueueState Channel::declare_queue(std::string_view name, const QueueOptions& options) {
  return read_queue_state(link_->call(*state_, declaration_of(name, options)));
}

void Channel::declare_queue_nowait(std::string_view name, const QueueOptions& options) {
  amqp::queue::Declare declare = declaration_of(name, options);
  declare.nowait = true;
  send(declare);
}

QueueState Channel::check_queue(std::string_view name) {
  amqp::queue::Declare declare;
  declare.queue = name;
  declare.passive = true;
  return read_queue_state(link_->call(*state_, declare));
}

std::uint32_t Channel::purge_queue(std::string_view name) {
  const StoredReply reply = link_->call(*state_, amqp::queue::Purge{0, name, false});
  return read_as<amqp::queue::PurgeOk>(reply).message_count;
}

std::uint32_t Channel::delete_queue(std::string_view name, DeleteOptions options) {
  const StoredReply reply = link_->call(
      *state_, amqp::queue::Delete{0, name, options.if_unused, options.if_empty, false});
  return read_as<amqp::queue::DeleteOk>(reply).message_count;
}

void Channel::delete_queue_nowait(std::string_view name) {
  send(amqp::queue::Delete{0, name, false, false, true});
}

void Channel::bind_queue_nowait(std::string_view queue, std::string_view exchange,
                                std::string_view routing_key, const amqp::Table& arguments) {
  send(amqp::queue::Bind{0, queue, exchange, routing_key, true, arguments});
}

void Channel::bind_queue(std::string_view queue, std::string_view exchange,
                         std::string_view routing_key, const amqp::Table& arguments) {
  call<amqp::queue::BindOk>(amqp::queue::Bind{0, queue, exchange, routing_key, false, arguments});
}

void Channel::unbind_queue(std::string_view queue, std::string_view exchange,
                           std::string_view routing_key, const amqp::Table& arguments) {
  call<amqp::queue::UnbindOk>(amqp::queue::Unbind{0, queue, exchange, routing_key, arguments});
}

// Exchanges

void Channel::declare_exchange(std::string_view name, std::string_view type,
                               const ExchangeOptions& options) {
  amqp::exchange::Declare declare;
  declare.exchange = name;
  declare.type = type;
  declare.durable = options.durable;
  declare.auto_delete = options.auto_delete;
  declare.internal = options.internal;
  declare.arguments = options.arguments;
  call<amqp::exchange::DeclareOk>(declare);
}

void Channel::check_exchange(std::string_view name) {
  amqp::exchange::Declare declare;
  declare.exchange = name;
  declare.type = "direct";  // Not looked at, but not empty either.
  declare.passive = true;
  call<amqp::exchange::DeclareOk>(declare);
}

void Channel::delete_exchange(std::string_view name) {
  call<amqp::exchange::DeleteOk>(amqp::exchange::Delete{0, name, false, false});
}

void Channel::bind_exchange(std::string_view destination, std::string_view source,
                            std::string_view routing_key, const amqp::Table& arguments) {
  call<amqp::exchange::BindOk>(
      amqp::exchange::Bind{0, destination, source, routing_key, false, arguments});
}

void Channel::unbind_exchange(std::string_view destination, std::string_view source,
                              std::string_view routing_key, const amqp::Table& arguments) {
  call<amqp::exchange::UnbindOk>(
      amqp::exchange::Unbind{0, destination, source, routing_key, false, arguments});
}

// Publishing

void Channel::select_confirms() {
  call<amqp::confirm::SelectOk>(amqp::confirm::Select{false});
  link_->send(*state_, false, [&](std::string&) { state_->has_confirms = true; });
}

std::uint64_t Channel::publish(const Envelope& envelope, std::string_view body) {
  std::uint64_t sequence = 0;
  link_->send(*state_, true, [&](std::string& out) {
    envelope.write(out, state_->number, body, link_->frame_max());
    if (state_->has_confirms) sequence = ++state_->published;
  });
  return sequence;
}

// Consuming

void Channel::set_prefetch(std::uint16_t count) {
  call<amqp::basic::QosOk>(amqp::basic::Qos{0, count, false});
}

std::string Channel::consume(std::string_view queue, const ConsumeOptions& options) {
  amqp::basic::Consume consume;
  consume.queue = queue;
  consume.consumer_tag = options.consumer_tag;
  consume.no_ack = options.no_ack;
  consume.exclusive = options.exclusive;
  consume.arguments = options.arguments;
  const StoredReply reply = link_->call(*state_, consume);
  return std::string{read_as<amqp::basic::ConsumeOk>(reply).consumer_tag};
}

void Channel::cancel(std::string_view consumer_tag) {
  call<amqp::basic::CancelOk>(amqp::basic::Cancel{consumer_tag, false});
}

std::optional<Message> Channel::get(std::string_view queue, GetMode mode) {
  StoredReply reply = link_->call(*state_, amqp::basic::Get{0, queue, mode == GetMode::no_ack});
  if (std::holds_alternative<amqp::basic::GetEmpty>(amqp::read_method(reply.method)))
    return std::nullopt;
  const auto ok = read_as<amqp::basic::GetOk>(reply);
  return Message{ok.delivery_tag,
                 ok.redelivered,
                 std::string{ok.exchange},
                 std::string{ok.routing_key},
                 amqp::read_properties(reply.properties),
                 std::move(reply.body)};
}

void Channel::ack(std::uint64_t delivery_tag, Span span) {
  send(amqp::basic::Ack{delivery_tag, span == Span::up_to});
}

void Channel::nack(std::uint64_t delivery_tag, Requeue requeue, Span span) {
  send(amqp::basic::Nack{delivery_tag, span == Span::up_to, requeue == Requeue::yes});
}

void Channel::reject(std::uint64_t delivery_tag, Requeue requeue) {
  send(amqp::basic::Reject{delivery_tag, requeue == Requeue::yes});
}

void Channel::recover() {
  call<amqp::basic::RecoverOk>(amqp::basic::Recover{true});
}

// Transactions

void Channel::select_tx() {
  call<amqp::tx::SelectOk>(amqp::tx::Select{});
}

void Channel::commit() {
  call<amqp::tx::CommitOk>(amqp::tx::Commit{});
}

void Channel::rollback() {
  call<amqp::tx::RollbackOk>(amqp::tx::Rollback{});
}

}  // namespace leveret::client
