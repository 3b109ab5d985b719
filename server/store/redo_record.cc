#include "store/redo_record.h"

#include "amqp/reply_code.h"
#include "amqp/wire.h"

namespace leveret::store {
namespace {

/// Lengths and numbers of one op, at most.
constexpr std::size_t op_bytes = 64;

/// How a message stands in its op.
enum class MessageForm : std::uint8_t { here, same_as_before };

std::size_t bytes_of(const broker::Message& message) {
  return message.exchange().size() + message.routing_key().size() + message.properties().size() +
         message.body().size();
}

void write_message(const broker::Message& message, amqp::Writer& to) {
  to.write_u64(static_cast<std::uint64_t>(message.published_at()));
  to.write_short_string(message.exchange());
  to.write_short_string(message.routing_key());
  to.write_long_string(message.properties());
  to.write_long_string(message.body());
}

broker::MessagePtr read_message(amqp::Reader& from) {
  const auto published_at = static_cast<TimeMs>(from.read_u64());
  const std::string_view exchange = from.read_short_string();
  const std::string_view routing_key = from.read_short_string();
  const std::string_view properties = from.read_long_string();
  const std::string_view body = from.read_long_string();
  return broker::Message::make(exchange, routing_key, properties, body, published_at);
}

}  // namespace

bool write_ops(std::span<const Op> ops, const RecordLimits& limits, std::string& record) {
  amqp::Writer to(record);
  const broker::Message* last = nullptr;
  for (const Op& op : ops) {
    const bool is_same = op.message && op.message.get() == last;
    const std::size_t message_bytes = op.message && !is_same ? bytes_of(*op.message) : 0;
    if (record.size() + op_bytes + message_bytes > limits.bytes) return false;
    if (op.message && op.message->body().size() >= limits.large_body_bytes) return false;
    if (op.kind == Op::Kind::topology) return false;
    to.write_u8(static_cast<std::uint8_t>(op.kind));
    to.write_u32(op.queue.value);
    to.write_u64(op.seq);
    switch (op.kind) {
      case Op::Kind::append:
        to.write_u64(op.content);
        to.write_u8(
            static_cast<std::uint8_t>(is_same ? MessageForm::same_as_before : MessageForm::here));
        if (!is_same) write_message(*op.message, to);
        last = op.message.get();
        break;
      case Op::Kind::remove_range: to.write_u64(op.last_seq); break;
      case Op::Kind::delivery_count: to.write_u32(op.delivery_count); break;
      default: break;
    }
  }
  return true;
}

std::vector<Op> read_ops(std::string_view record) {
  std::vector<Op> ops;
  broker::MessagePtr last;
  for (amqp::Reader from(record); !from.is_empty();) {
    const std::uint8_t kind = from.read_u8();
    if (kind == static_cast<std::uint8_t>(Op::Kind::topology) ||
        kind > static_cast<std::uint8_t>(Op::Kind::mark))
      throw amqp::Error{amqp::ReplyCode::syntax_error, "an op of unknown kind"};
    Op& op = ops.emplace_back();
    op.kind = static_cast<Op::Kind>(kind);
    op.queue = QueueId{from.read_u32()};
    op.seq = from.read_u64();
    switch (op.kind) {
      case Op::Kind::append:
        op.content = from.read_u64();
        if (from.read_u8() == static_cast<std::uint8_t>(MessageForm::here))
          last = read_message(from);
        else if (!last)
          throw amqp::Error{amqp::ReplyCode::syntax_error, "the first message is none"};
        op.message = last;
        break;
      case Op::Kind::remove_range: op.last_seq = from.read_u64(); break;
      case Op::Kind::delivery_count: op.delivery_count = from.read_u32(); break;
      default: break;
    }
  }
  return ops;
}

}  // namespace leveret::store
