#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <tuple>
#include <variant>

#include "amqp/table.h"
#include "amqp/wire.h"

/// Every method of AMQP 0-9-1 with RabbitMQ's extensions, each a struct that lists its fields once,
/// in wire order, in fields(). Decoding, encoding and all else comes from that list
/// (std::string_view is a short string; consecutive bools share an octet). Views point into the
/// buffer that was decoded.
namespace leveret::amqp {

struct MethodKey {
  std::uint16_t class_id;
  std::uint16_t method_id;
  std::string_view name;
};

namespace connection {
inline constexpr std::uint16_t class_id = 10;

struct Start {
  static constexpr MethodKey key{10, 10, "connection.start"};
  std::uint8_t version_major = 0;
  std::uint8_t version_minor = 9;
  Table server_properties{};
  LongString mechanisms{};
  LongString locales{};
  static auto fields(auto& m) {
    return std::tie(m.version_major, m.version_minor, m.server_properties, m.mechanisms, m.locales);
  }
};

struct StartOk {
  static constexpr MethodKey key{10, 11, "connection.start-ok"};
  Table client_properties{};
  std::string_view mechanism{};
  LongString response{};
  std::string_view locale{};
  static auto fields(auto& m) {
    return std::tie(m.client_properties, m.mechanism, m.response, m.locale);
  }
};

struct Secure {
  static constexpr MethodKey key{10, 20, "connection.secure"};
  LongString challenge{};
  static auto fields(auto& m) { return std::tie(m.challenge); }
};

struct SecureOk {
  static constexpr MethodKey key{10, 21, "connection.secure-ok"};
  LongString response{};
  static auto fields(auto& m) { return std::tie(m.response); }
};

struct Tune {
  static constexpr MethodKey key{10, 30, "connection.tune"};
  std::uint16_t channel_max = 0;
  std::uint32_t frame_max = 0;
  std::uint16_t heartbeat = 0;
  static auto fields(auto& m) { return std::tie(m.channel_max, m.frame_max, m.heartbeat); }
};

struct TuneOk {
  static constexpr MethodKey key{10, 31, "connection.tune-ok"};
  std::uint16_t channel_max = 0;
  std::uint32_t frame_max = 0;
  std::uint16_t heartbeat = 0;
  static auto fields(auto& m) { return std::tie(m.channel_max, m.frame_max, m.heartbeat); }
};

struct Open {
  static constexpr MethodKey key{10, 40, "connection.open"};
  std::string_view virtual_host{};
  std::string_view reserved_1{};
  bool reserved_2 = false;
  static auto fields(auto& m) { return std::tie(m.virtual_host, m.reserved_1, m.reserved_2); }
};

struct OpenOk {
  static constexpr MethodKey key{10, 41, "connection.open-ok"};
  std::string_view reserved_1{};
  static auto fields(auto& m) { return std::tie(m.reserved_1); }
};

struct Close {
  static constexpr MethodKey key{10, 50, "connection.close"};
  std::uint16_t reply_code = 0;
  std::string_view reply_text{};
  std::uint16_t class_id = 0;
  std::uint16_t method_id = 0;
  static auto fields(auto& m) {
    return std::tie(m.reply_code, m.reply_text, m.class_id, m.method_id);
  }
};

struct CloseOk {
  static constexpr MethodKey key{10, 51, "connection.close-ok"};
  static auto fields(auto&) { return std::tie(); }
};

struct Blocked {
  static constexpr MethodKey key{10, 60, "connection.blocked"};
  std::string_view reason{};
  static auto fields(auto& m) { return std::tie(m.reason); }
};

struct Unblocked {
  static constexpr MethodKey key{10, 61, "connection.unblocked"};
  static auto fields(auto&) { return std::tie(); }
};

struct UpdateSecret {
  static constexpr MethodKey key{10, 70, "connection.update-secret"};
  LongString new_secret{};
  std::string_view reason{};
  static auto fields(auto& m) { return std::tie(m.new_secret, m.reason); }
};

struct UpdateSecretOk {
  static constexpr MethodKey key{10, 71, "connection.update-secret-ok"};
  static auto fields(auto&) { return std::tie(); }
};

}  // namespace connection

namespace channel {
inline constexpr std::uint16_t class_id = 20;

struct Open {
  static constexpr MethodKey key{20, 10, "channel.open"};
  std::string_view reserved_1{};
  static auto fields(auto& m) { return std::tie(m.reserved_1); }
};

struct OpenOk {
  static constexpr MethodKey key{20, 11, "channel.open-ok"};
  LongString reserved_1{};
  static auto fields(auto& m) { return std::tie(m.reserved_1); }
};

struct Flow {
  static constexpr MethodKey key{20, 20, "channel.flow"};
  bool active = false;
  static auto fields(auto& m) { return std::tie(m.active); }
};

struct FlowOk {
  static constexpr MethodKey key{20, 21, "channel.flow-ok"};
  bool active = false;
  static auto fields(auto& m) { return std::tie(m.active); }
};

struct Close {
  static constexpr MethodKey key{20, 40, "channel.close"};
  std::uint16_t reply_code = 0;
  std::string_view reply_text{};
  std::uint16_t class_id = 0;
  std::uint16_t method_id = 0;
  static auto fields(auto& m) {
    return std::tie(m.reply_code, m.reply_text, m.class_id, m.method_id);
  }
};

struct CloseOk {
  static constexpr MethodKey key{20, 41, "channel.close-ok"};
  static auto fields(auto&) { return std::tie(); }
};

}  // namespace channel

namespace access {
inline constexpr std::uint16_t class_id = 30;

struct Request {
  static constexpr MethodKey key{30, 10, "access.request"};
  std::string_view realm{};
  bool exclusive = false;
  bool passive = false;
  bool active = false;
  bool write = false;
  bool read = false;
  static auto fields(auto& m) {
    return std::tie(m.realm, m.exclusive, m.passive, m.active, m.write, m.read);
  }
};

struct RequestOk {
  static constexpr MethodKey key{30, 11, "access.request-ok"};
  std::uint16_t reserved_1 = 1;
  static auto fields(auto& m) { return std::tie(m.reserved_1); }
};

}  // namespace access

namespace exchange {
inline constexpr std::uint16_t class_id = 40;

struct Declare {
  static constexpr MethodKey key{40, 10, "exchange.declare"};
  std::uint16_t reserved_1 = 0;
  std::string_view exchange{};
  std::string_view type{};
  bool passive = false;
  bool durable = false;
  bool auto_delete = false;
  bool internal = false;
  bool nowait = false;
  Table arguments{};
  static auto fields(auto& m) {
    return std::tie(m.reserved_1, m.exchange, m.type, m.passive, m.durable, m.auto_delete,
                    m.internal, m.nowait, m.arguments);
  }
};

struct DeclareOk {
  static constexpr MethodKey key{40, 11, "exchange.declare-ok"};
  static auto fields(auto&) { return std::tie(); }
};

struct Delete {
  static constexpr MethodKey key{40, 20, "exchange.delete"};
  std::uint16_t reserved_1 = 0;
  std::string_view exchange{};
  bool if_unused = false;
  bool nowait = false;
  static auto fields(auto& m) { return std::tie(m.reserved_1, m.exchange, m.if_unused, m.nowait); }
};

struct DeleteOk {
  static constexpr MethodKey key{40, 21, "exchange.delete-ok"};
  static auto fields(auto&) { return std::tie(); }
};

struct Bind {
  static constexpr MethodKey key{40, 30, "exchange.bind"};
  std::uint16_t reserved_1 = 0;
  std::string_view destination{};
  std::string_view source{};
  std::string_view routing_key{};
  bool nowait = false;
  Table arguments{};
  static auto fields(auto& m) {
    return std::tie(m.reserved_1, m.destination, m.source, m.routing_key, m.nowait, m.arguments);
  }
};

struct BindOk {
  static constexpr MethodKey key{40, 31, "exchange.bind-ok"};
  static auto fields(auto&) { return std::tie(); }
};

struct Unbind {
  static constexpr MethodKey key{40, 40, "exchange.unbind"};
  std::uint16_t reserved_1 = 0;
  std::string_view destination{};
  std::string_view source{};
  std::string_view routing_key{};
  bool nowait = false;
  Table arguments{};
  static auto fields(auto& m) {
    return std::tie(m.reserved_1, m.destination, m.source, m.routing_key, m.nowait, m.arguments);
  }
};

struct UnbindOk {
  static constexpr MethodKey key{40, 51, "exchange.unbind-ok"};
  static auto fields(auto&) { return std::tie(); }
};

}  // namespace exchange

namespace queue {
inline constexpr std::uint16_t class_id = 50;

struct Declare {
  static constexpr MethodKey key{50, 10, "queue.declare"};
  std::uint16_t reserved_1 = 0;
  std::string_view queue{};
  bool passive = false;
  bool durable = false;
  bool exclusive = false;
  bool auto_delete = false;
  bool nowait = false;
  Table arguments{};
  static auto fields(auto& m) {
    return std::tie(m.reserved_1, m.queue, m.passive, m.durable, m.exclusive, m.auto_delete,
                    m.nowait, m.arguments);
  }
};

struct DeclareOk {
  static constexpr MethodKey key{50, 11, "queue.declare-ok"};
  std::string_view queue{};
  std::uint32_t message_count = 0;
  std::uint32_t consumer_count = 0;
  static auto fields(auto& m) { return std::tie(m.queue, m.message_count, m.consumer_count); }
};

struct Bind {
  static constexpr MethodKey key{50, 20, "queue.bind"};
  std::uint16_t reserved_1 = 0;
  std::string_view queue{};
  std::string_view exchange{};
  std::string_view routing_key{};
  bool nowait = false;
  Table arguments{};
  static auto fields(auto& m) {
    return std::tie(m.reserved_1, m.queue, m.exchange, m.routing_key, m.nowait, m.arguments);
  }
};

struct BindOk {
  static constexpr MethodKey key{50, 21, "queue.bind-ok"};
  static auto fields(auto&) { return std::tie(); }
};

struct Purge {
  static constexpr MethodKey key{50, 30, "queue.purge"};
  std::uint16_t reserved_1 = 0;
  std::string_view queue{};
  bool nowait = false;
  static auto fields(auto& m) { return std::tie(m.reserved_1, m.queue, m.nowait); }
};

struct PurgeOk {
  static constexpr MethodKey key{50, 31, "queue.purge-ok"};
  std::uint32_t message_count = 0;
  static auto fields(auto& m) { return std::tie(m.message_count); }
};

struct Delete {
  static constexpr MethodKey key{50, 40, "queue.delete"};
  std::uint16_t reserved_1 = 0;
  std::string_view queue{};
  bool if_unused = false;
  bool if_empty = false;
  bool nowait = false;
  static auto fields(auto& m) {
    return std::tie(m.reserved_1, m.queue, m.if_unused, m.if_empty, m.nowait);
  }
};

struct DeleteOk {
  static constexpr MethodKey key{50, 41, "queue.delete-ok"};
  std::uint32_t message_count = 0;
  static auto fields(auto& m) { return std::tie(m.message_count); }
};

struct Unbind {
  static constexpr MethodKey key{50, 50, "queue.unbind"};
  std::uint16_t reserved_1 = 0;
  std::string_view queue{};
  std::string_view exchange{};
  std::string_view routing_key{};
  Table arguments{};
  static auto fields(auto& m) {
    return std::tie(m.reserved_1, m.queue, m.exchange, m.routing_key, m.arguments);
  }
};

struct UnbindOk {
  static constexpr MethodKey key{50, 51, "queue.unbind-ok"};
  static auto fields(auto&) { return std::tie(); }
};

}  // namespace queue

namespace basic {
inline constexpr std::uint16_t class_id = 60;

struct Qos {
  static constexpr MethodKey key{60, 10, "basic.qos"};
  std::uint32_t prefetch_size = 0;
  std::uint16_t prefetch_count = 0;
  bool global = false;
  static auto fields(auto& m) { return std::tie(m.prefetch_size, m.prefetch_count, m.global); }
};

struct QosOk {
  static constexpr MethodKey key{60, 11, "basic.qos-ok"};
  static auto fields(auto&) { return std::tie(); }
};

struct Consume {
  static constexpr MethodKey key{60, 20, "basic.consume"};
  std::uint16_t reserved_1 = 0;
  std::string_view queue{};
  std::string_view consumer_tag{};
  bool no_local = false;
  bool no_ack = false;
  bool exclusive = false;
  bool nowait = false;
  Table arguments{};
  static auto fields(auto& m) {
    return std::tie(m.reserved_1, m.queue, m.consumer_tag, m.no_local, m.no_ack, m.exclusive,
                    m.nowait, m.arguments);
  }
};

struct ConsumeOk {
  static constexpr MethodKey key{60, 21, "basic.consume-ok"};
  std::string_view consumer_tag{};
  static auto fields(auto& m) { return std::tie(m.consumer_tag); }
};

struct Cancel {
  static constexpr MethodKey key{60, 30, "basic.cancel"};
  std::string_view consumer_tag{};
  bool nowait = false;
  static auto fields(auto& m) { return std::tie(m.consumer_tag, m.nowait); }
};

struct CancelOk {
  static constexpr MethodKey key{60, 31, "basic.cancel-ok"};
  std::string_view consumer_tag{};
  static auto fields(auto& m) { return std::tie(m.consumer_tag); }
};

struct Publish {
  static constexpr MethodKey key{60, 40, "basic.publish"};
  std::uint16_t reserved_1 = 0;
  std::string_view exchange{};
  std::string_view routing_key{};
  bool mandatory = false;
  bool immediate = false;
  static auto fields(auto& m) {
    return std::tie(m.reserved_1, m.exchange, m.routing_key, m.mandatory, m.immediate);
  }
};

struct Return {
  static constexpr MethodKey key{60, 50, "basic.return"};
  std::uint16_t reply_code = 0;
  std::string_view reply_text{};
  std::string_view exchange{};
  std::string_view routing_key{};
  static auto fields(auto& m) {
    return std::tie(m.reply_code, m.reply_text, m.exchange, m.routing_key);
  }
};

struct Deliver {
  static constexpr MethodKey key{60, 60, "basic.deliver"};
  std::string_view consumer_tag{};
  std::uint64_t delivery_tag = 0;
  bool redelivered = false;
  std::string_view exchange{};
  std::string_view routing_key{};
  static auto fields(auto& m) {
    return std::tie(m.consumer_tag, m.delivery_tag, m.redelivered, m.exchange, m.routing_key);
  }
};

struct Get {
  static constexpr MethodKey key{60, 70, "basic.get"};
  std::uint16_t reserved_1 = 0;
  std::string_view queue{};
  bool no_ack = false;
  static auto fields(auto& m) { return std::tie(m.reserved_1, m.queue, m.no_ack); }
};

struct GetOk {
  static constexpr MethodKey key{60, 71, "basic.get-ok"};
  std::uint64_t delivery_tag = 0;
  bool redelivered = false;
  std::string_view exchange{};
  std::string_view routing_key{};
  std::uint32_t message_count = 0;
  static auto fields(auto& m) {
    return std::tie(m.delivery_tag, m.redelivered, m.exchange, m.routing_key, m.message_count);
  }
};

struct GetEmpty {
  static constexpr MethodKey key{60, 72, "basic.get-empty"};
  std::string_view reserved_1{};
  static auto fields(auto& m) { return std::tie(m.reserved_1); }
};

struct Ack {
  static constexpr MethodKey key{60, 80, "basic.ack"};
  std::uint64_t delivery_tag = 0;
  bool multiple = false;
  static auto fields(auto& m) { return std::tie(m.delivery_tag, m.multiple); }
};

struct Reject {
  static constexpr MethodKey key{60, 90, "basic.reject"};
  std::uint64_t delivery_tag = 0;
  bool requeue = false;
  static auto fields(auto& m) { return std::tie(m.delivery_tag, m.requeue); }
};

struct RecoverAsync {
  static constexpr MethodKey key{60, 100, "basic.recover-async"};
  bool requeue = false;
  static auto fields(auto& m) { return std::tie(m.requeue); }
};

struct Recover {
  static constexpr MethodKey key{60, 110, "basic.recover"};
  bool requeue = false;
  static auto fields(auto& m) { return std::tie(m.requeue); }
};

struct RecoverOk {
  static constexpr MethodKey key{60, 111, "basic.recover-ok"};
  static auto fields(auto&) { return std::tie(); }
};

struct Nack {
  static constexpr MethodKey key{60, 120, "basic.nack"};
  std::uint64_t delivery_tag = 0;
  bool multiple = false;
  bool requeue = false;
  static auto fields(auto& m) { return std::tie(m.delivery_tag, m.multiple, m.requeue); }
};

}  // namespace basic

namespace confirm {
inline constexpr std::uint16_t class_id = 85;

struct Select {
  static constexpr MethodKey key{85, 10, "confirm.select"};
  bool nowait = false;
  static auto fields(auto& m) { return std::tie(m.nowait); }
};

struct SelectOk {
  static constexpr MethodKey key{85, 11, "confirm.select-ok"};
  static auto fields(auto&) { return std::tie(); }
};

}  // namespace confirm

namespace tx {
inline constexpr std::uint16_t class_id = 90;

struct Select {
  static constexpr MethodKey key{90, 10, "tx.select"};
  static auto fields(auto&) { return std::tie(); }
};

struct SelectOk {
  static constexpr MethodKey key{90, 11, "tx.select-ok"};
  static auto fields(auto&) { return std::tie(); }
};

struct Commit {
  static constexpr MethodKey key{90, 20, "tx.commit"};
  static auto fields(auto&) { return std::tie(); }
};

struct CommitOk {
  static constexpr MethodKey key{90, 21, "tx.commit-ok"};
  static auto fields(auto&) { return std::tie(); }
};

struct Rollback {
  static constexpr MethodKey key{90, 30, "tx.rollback"};
  static auto fields(auto&) { return std::tie(); }
};

struct RollbackOk {
  static constexpr MethodKey key{90, 31, "tx.rollback-ok"};
  static auto fields(auto&) { return std::tie(); }
};

}  // namespace tx

/// The one list of all methods.
using Method = std::variant<
    connection::Start, connection::StartOk, connection::Secure, connection::SecureOk,
    connection::Tune, connection::TuneOk, connection::Open, connection::OpenOk, connection::Close,
    connection::CloseOk, connection::Blocked, connection::Unblocked, connection::UpdateSecret,
    connection::UpdateSecretOk, channel::Open, channel::OpenOk, channel::Flow, channel::FlowOk,
    channel::Close, channel::CloseOk, access::Request, access::RequestOk, exchange::Declare,
    exchange::DeclareOk, exchange::Delete, exchange::DeleteOk, exchange::Bind, exchange::BindOk,
    exchange::Unbind, exchange::UnbindOk, queue::Declare, queue::DeclareOk, queue::Bind,
    queue::BindOk, queue::Purge, queue::PurgeOk, queue::Delete, queue::DeleteOk, queue::Unbind,
    queue::UnbindOk, basic::Qos, basic::QosOk, basic::Consume, basic::ConsumeOk, basic::Cancel,
    basic::CancelOk, basic::Publish, basic::Return, basic::Deliver, basic::Get, basic::GetOk,
    basic::GetEmpty, basic::Ack, basic::Reject, basic::RecoverAsync, basic::Recover,
    basic::RecoverOk, basic::Nack, confirm::Select, confirm::SelectOk, tx::Select, tx::SelectOk,
    tx::Commit, tx::CommitOk, tx::Rollback, tx::RollbackOk>;

/// Decodes the payload of a method frame. Throws Error: syntax_error for malformed or left-over
/// bytes, command_invalid for a class or method that does not exist (with its numbers in the
/// error).
Method read_method(std::string_view payload);
/// Appends class, method and fields, as a method frame's payload. Throws Error{syntax_error} for a
/// text that its field cannot hold.
void write_method(std::string& out, const Method& method);
/// The key of the alternative that `method` holds.
MethodKey key_of(const Method& method);

}  // namespace leveret::amqp
