#include "unit/broker/support/test_client.h"

#include <deque>
#include <type_traits>
#include <utility>

#include "amqp/frame.h"

namespace leveret::broker::test {
namespace {

std::string quoted(std::string_view text) {
  return "'" + std::string{text} + "'";
}

/// The fields of a method frame as text: strings quoted, true flags by position.
template <class T>
std::string field_text(const T& field) {
  if constexpr (std::is_same_v<T, std::string_view>)
    return quoted(field);
  else if constexpr (std::is_same_v<T, bool>)
    return field ? "true" : "false";
  else if constexpr (std::is_integral_v<T>)
    return std::to_string(field);
  else
    return "...";
}

std::string text_of(const amqp::Method& method) {
  return std::visit(
      []<class M>(const M& m) {
        std::string text{M::key.name};
        if constexpr (std::is_same_v<M, amqp::channel::Close> ||
                      std::is_same_v<M, amqp::connection::Close>) {
          text += " " + std::to_string(m.reply_code) + " " + std::string{m.reply_text};
        } else if constexpr (!std::is_same_v<M, amqp::channel::OpenOk>) {
          std::apply([&](const auto&... field) { ((text += " " + field_text(field)), ...); },
                     M::fields(m));
        }
        return text;
      },
      method);
}

struct Line {
  std::uint16_t channel;
  std::string text;
};

Line line_of_frame(std::string_view bytes) {
  const auto frame = amqp::read_frame(bytes, 0);
  return {frame->channel, text_of(amqp::read_method(frame->payload))};
}

std::string message_text(std::uint64_t tag, bool redelivered, const Message& message) {
  return std::to_string(tag) + " " + quoted(message.body()) + (redelivered ? " redelivered" : "");
}

struct LineOf {
  Line operator()(const EncodedFrame& record) const { return line_of_frame(record.bytes); }
  Line operator()(const Deliver& record) const {
    return {record.channel,
            "deliver " + std::string{record.consumer_tag->view()} + " " +
                message_text(record.delivery_tag, record.redelivered, *record.message)};
  }
  Line operator()(const GetOk& record) const {
    return {record.channel,
            "get-ok " + message_text(record.delivery_tag, record.redelivered, *record.message) +
                " left " + std::to_string(record.message_count)};
  }
  Line operator()(const Return& record) const {
    return {record.channel, "return " + quoted(record.message->body())};
  }
  Line operator()(const Confirm& record) const {
    return {record.channel, std::string{record.is_nack ? "nack " : "ack "} +
                                std::to_string(record.delivery_tag) +
                                (record.multiple ? " multiple" : "")};
  }
  Line operator()(const CloseConnection& record) const { return line_of_frame(record.frame); }
};

Received received_of(std::string tag, std::uint64_t delivery_tag, bool redelivered,
                     const Message& message) {
  return {.consumer_tag = std::move(tag),
          .tag = delivery_tag,
          .redelivered = redelivered,
          .exchange = std::string{message.exchange()},
          .routing_key = std::string{message.routing_key()},
          .body = std::string{message.body()},
          .properties = amqp::read_properties(message.properties())};
}

}  // namespace

amqp::Properties persistent(amqp::Properties properties) {
  properties.delivery_mode = std::uint8_t{2};
  return properties;
}

amqp::Properties with_headers(amqp::Table headers, amqp::Properties properties) {
  properties.headers = std::move(headers);
  return properties;
}

MessagePtr overgrown_message(std::string_view queue) {
  std::string properties;
  amqp::Writer writer{properties};
  writer.write_u16(1U << 13U);  // headers, and nothing else
  const std::size_t count = static_cast<std::size_t>(amqp::table_limits.values) + 1;
  std::string table;
  for (std::size_t i = 0; i < count; ++i) table.append("\0V", 2);
  writer.write_long_string(table);
  return Message::make("", queue, properties, "1", 1);
}

amqp::Properties with_expiration(std::string ms, amqp::Properties properties) {
  properties.expiration = std::move(ms);
  return properties;
}

TestClient::TestClient(TestBroker& broker, const ClientOptions& options) : broker_(broker) {
  ConnectionInfo info;
  info.name = "client";
  info.user = options.user;
  info.channel_max = options.channel_max;
  info.consumer_cancel_notify = options.consumer_cancel_notify;
  info.connection_blocked = options.connection_blocked;
  id_ = broker.connect(std::move(info), outbox_);
  open(1);
  ignore();
}

std::vector<std::string> TestClient::received() {
  std::vector<std::string> lines;
  for (; seen_ < outbox_->records.size(); ++seen_) {
    Line line = std::visit(LineOf{}, outbox_->records[seen_]);
    if (line.channel > 1) line.text.insert(0, std::to_string(line.channel) + ": ");
    lines.push_back(std::move(line.text));
  }
  return lines;
}

std::vector<Received> TestClient::deliveries() {
  std::vector<Received> found;
  for (; seen_ < outbox_->records.size(); ++seen_) {
    const Outgoing& record = outbox_->records[seen_];
    if (const auto* deliver = std::get_if<Deliver>(&record))
      found.push_back(received_of(std::string{deliver->consumer_tag->view()}, deliver->delivery_tag,
                                  deliver->redelivered, *deliver->message));
    if (const auto* got = std::get_if<GetOk>(&record))
      found.push_back(received_of("", got->delivery_tag, got->redelivered, *got->message));
  }
  return found;
}

std::vector<std::string> TestClient::bodies() {
  std::vector<std::string> found;
  for (Received& delivery : deliveries()) found.push_back(std::move(delivery.body));
  return found;
}

// Commands.

std::string_view TestClient::keep(std::string text) {
  if (!texts_) texts_ = std::make_shared<std::deque<std::string>>();
  return texts_->emplace_back(std::move(text));
}

void TestClient::command(std::uint16_t channel, amqp::Method method, MessagePtr content) {
  batch_.bytes += 100 + (content ? content->body().size() : 0);
  batch_.commands.push_back({channel, std::move(method), std::move(content)});
  if (!is_grouping_) hand_over();
}

void TestClient::hand_over() {
  batch_.bytes_owner = std::exchange(texts_, nullptr);
  broker_.turn([&](Vhost& vhost) { vhost.receive(id_, std::exchange(batch_, {})); });
}

void TestClient::together(const std::function<void()>& calls) {
  is_grouping_ = true;
  calls();
  is_grouping_ = false;
  hand_over();
}

TestClient& TestClient::method(amqp::Method method) {
  command(channel_, std::move(method));
  return *this;
}

TestClient& TestClient::connection_method(amqp::Method method) {
  command(0, std::move(method));
  return *this;
}

void TestClient::close() {
  connection_method(amqp::connection::Close{});
}

void TestClient::drop() {
  broker_.forget(id_);
  broker_.turn([&](Vhost& vhost) { vhost.drop_connection(id_); });
}

TestClient& TestClient::on(std::uint16_t channel) {
  channel_ = channel;
  return *this;
}

TestClient& TestClient::open(std::uint16_t channel) {
  command(channel, amqp::channel::Open{});
  return *this;
}

void TestClient::close_channel(std::uint16_t channel) {
  command(channel, amqp::channel::Close{});
}

void TestClient::close_channel_ok(std::uint16_t channel) {
  command(channel, amqp::channel::CloseOk{});
}

TestClient& TestClient::declare(const std::string& queue, const QueueOptions& options) {
  return method(amqp::queue::Declare{.queue = keep(queue),
                                     .passive = options.passive,
                                     .durable = options.durable,
                                     .exclusive = options.exclusive,
                                     .auto_delete = options.auto_delete,
                                     .nowait = options.nowait,
                                     .arguments = options.arguments});
}

TestClient& TestClient::exchange(const std::string& name, const std::string& type,
                                 const ExchangeOptions& options) {
  return method(amqp::exchange::Declare{.exchange = keep(name),
                                        .type = keep(type),
                                        .passive = options.passive,
                                        .durable = options.durable,
                                        .auto_delete = options.auto_delete,
                                        .internal = options.internal,
                                        .arguments = options.arguments});
}

TestClient& TestClient::bind(const std::string& queue, const std::string& exchange,
                             const std::string& key, const amqp::Table& arguments) {
  return method(amqp::queue::Bind{.queue = keep(queue),
                                  .exchange = keep(exchange),
                                  .routing_key = keep(key),
                                  .arguments = arguments});
}

TestClient& TestClient::unbind(const std::string& queue, const std::string& exchange,
                               const std::string& key, const amqp::Table& arguments) {
  return method(amqp::queue::Unbind{.queue = keep(queue),
                                    .exchange = keep(exchange),
                                    .routing_key = keep(key),
                                    .arguments = arguments});
}

TestClient& TestClient::bind_exchange(const std::string& destination, const std::string& source,
                                      const std::string& key) {
  return method(amqp::exchange::Bind{
      .destination = keep(destination), .source = keep(source), .routing_key = keep(key)});
}

TestClient& TestClient::unbind_exchange(const std::string& destination, const std::string& source,
                                        const std::string& key) {
  return method(amqp::exchange::Unbind{
      .destination = keep(destination), .source = keep(source), .routing_key = keep(key)});
}

TestClient& TestClient::delete_queue(const std::string& queue, bool if_unused, bool if_empty) {
  return method(
      amqp::queue::Delete{.queue = keep(queue), .if_unused = if_unused, .if_empty = if_empty});
}

TestClient& TestClient::delete_exchange(const std::string& name, bool if_unused) {
  return method(amqp::exchange::Delete{.exchange = keep(name), .if_unused = if_unused});
}

TestClient& TestClient::purge(const std::string& queue) {
  return method(amqp::queue::Purge{.queue = keep(queue)});
}

TestClient& TestClient::send(const std::string& queue, const std::string& body,
                             const amqp::Properties& properties, const PublishOptions& options) {
  return publish("", queue, body, properties, options);
}

TestClient& TestClient::publish(const std::string& exchange, const std::string& key,
                                const std::string& body, const amqp::Properties& properties,
                                const PublishOptions& options) {
  command(channel_,
          amqp::basic::Publish{.exchange = keep(exchange),
                               .routing_key = keep(key),
                               .mandatory = options.mandatory,
                               .immediate = options.immediate},
          Message::make(exchange, key, amqp::write_properties(properties), body, broker_.now()));
  return *this;
}

TestClient& TestClient::publish_message(MessagePtr message) {
  const std::string_view exchange = keep(std::string{message->exchange()});
  const std::string_view key = keep(std::string{message->routing_key()});
  command(channel_, amqp::basic::Publish{.exchange = exchange, .routing_key = key},
          std::move(message));
  return *this;
}

TestClient& TestClient::consume(const std::string& queue, const ConsumeOptions& options) {
  return method(amqp::basic::Consume{.queue = keep(queue),
                                     .consumer_tag = keep(options.tag),
                                     .no_ack = options.no_ack,
                                     .exclusive = options.exclusive,
                                     .arguments = options.arguments});
}

TestClient& TestClient::cancel(const std::string& tag) {
  return method(amqp::basic::Cancel{.consumer_tag = keep(tag)});
}

TestClient& TestClient::qos(std::uint16_t prefetch, bool global) {
  return method(amqp::basic::Qos{.prefetch_count = prefetch, .global = global});
}

TestClient& TestClient::ack(std::uint64_t tag, bool multiple) {
  return method(amqp::basic::Ack{.delivery_tag = tag, .multiple = multiple});
}

TestClient& TestClient::nack(std::uint64_t tag, bool multiple, bool requeue) {
  return method(amqp::basic::Nack{.delivery_tag = tag, .multiple = multiple, .requeue = requeue});
}

TestClient& TestClient::reject(std::uint64_t tag, bool requeue) {
  return method(amqp::basic::Reject{.delivery_tag = tag, .requeue = requeue});
}

TestClient& TestClient::get(const std::string& queue, bool no_ack) {
  return method(amqp::basic::Get{.queue = keep(queue), .no_ack = no_ack});
}

TestClient& TestClient::recover() {
  return method(amqp::basic::Recover{.requeue = true});
}

TestClient& TestClient::confirm_select() {
  return method(amqp::confirm::Select{});
}

TestClient& TestClient::tx_select() {
  return method(amqp::tx::Select{});
}

TestClient& TestClient::tx_commit() {
  return method(amqp::tx::Commit{});
}

TestClient& TestClient::tx_rollback() {
  return method(amqp::tx::Rollback{});
}

}  // namespace leveret::broker::test
