#include "broker/arguments.h"

#include <algorithm>
#include <array>
#include <span>

#include "amqp/reply_code.h"

namespace leveret::broker {
namespace {

using amqp::ReplyCode;

/// What RabbitMQ's queue types compare on re-declaration.
constexpr std::array known_arguments{
    std::string_view{"x-expires"},
    std::string_view{"x-message-ttl"},
    std::string_view{"x-dead-letter-exchange"},
    std::string_view{"x-dead-letter-routing-key"},
    std::string_view{"x-dead-letter-strategy"},
    std::string_view{"x-max-length"},
    std::string_view{"x-max-length-bytes"},
    std::string_view{"x-max-priority"},
    std::string_view{"x-overflow"},
    std::string_view{"x-queue-mode"},
    std::string_view{"x-queue-version"},
    std::string_view{"x-single-active-consumer"},
    std::string_view{"x-delivery-limit"},
    std::string_view{"x-consumer-timeout"},
};

/// Arguments of one type of queue, which any other refuses; all else is for both types, or not
/// known. RabbitMQ has x-delivery-limit and x-consumer-timeout on quorum queues only; here any
/// queue may have them.
constexpr std::array classic_arguments{
    std::string_view{"x-max-priority"}, std::string_view{"x-queue-mode"},
    std::string_view{"x-queue-version"}, std::string_view{"x-queue-master-locator"}};
constexpr std::array quorum_arguments{
    std::string_view{"x-dead-letter-strategy"}, std::string_view{"x-max-in-memory-length"},
    std::string_view{"x-max-in-memory-bytes"}, std::string_view{"x-quorum-initial-group-size"},
    std::string_view{"x-quorum-target-group-size"}};
constexpr std::array stream_arguments{
    std::string_view{"x-max-age"}, std::string_view{"x-stream-max-segment-size-bytes"},
    std::string_view{"x-stream-filter-size-bytes"}, std::string_view{"x-initial-cluster-size"}};

/// Unless a quorum queue says otherwise (RabbitMQ 4.0).
constexpr std::uint32_t quorum_delivery_limit = 20;

[[noreturn]] void refuse(std::string_view name, std::string_view what, const std::string& why) {
  throw amqp::Error{ReplyCode::precondition_failed, "invalid arg '" + std::string{name} + "' for " +
                                                        std::string{what} + ": " + why};
}

std::string describe(const amqp::Value* value) {
  if (value == nullptr) return "none";
  return "the value '" + amqp::to_text(*value) + "' of type '" +
         std::string{amqp::type_name(*value)} + "'";
}

std::string quoted(std::string_view text) {
  return "'" + std::string{text} + "'";
}

[[noreturn]] void inequivalent(std::string_view name, std::string_view what,
                               const std::string& received, const std::string& current) {
  throw amqp::Error{ReplyCode::precondition_failed,
                    "inequivalent arg '" + std::string{name} + "' for " + std::string{what} +
                        ": received " + received + " but current is " + current};
}

/// Reads the arguments of one declaration.
class ArgumentReader {
 public:
  ArgumentReader(const amqp::Table& arguments, std::string_view what)
      : arguments_(arguments), what_(what) {}

  std::optional<std::int64_t> integer(std::string_view name, std::int64_t min) const {
    const amqp::Value* value = arguments_.find(name);
    if (value == nullptr) return std::nullopt;
    const auto number = value->as_integer();
    if (!number)
      refuse(name, what_, "\"expected integer, got " + std::string{amqp::type_name(*value)} + "\"");
    if (*number < 0) refuse(name, what_, "{value_negative," + std::to_string(*number) + "}");
    if (*number < min) refuse(name, what_, "{value_zero," + std::to_string(*number) + "}");
    return number;
  }

  /// A time in milliseconds.
  std::optional<std::int64_t> milliseconds(std::string_view name, std::int64_t min) const {
    const auto number = integer(name, min);
    if (number && *number > time_max_ms)
      refuse(name, what_, "{value_too_large," + std::to_string(*number) + "}");
    return number;
  }

  std::optional<std::int64_t> integer_to(std::string_view name, std::int64_t max) const {
    const auto number = integer(name, 0);
    if (number && *number > max)
      refuse(name, what_, "{max_value_exceeded," + std::to_string(*number) + "}");
    return number;
  }

  std::optional<bool> boolean(std::string_view name) const {
    const amqp::Value* value = arguments_.find(name);
    if (value == nullptr) return std::nullopt;
    const bool* flag = value->get_if<bool>();
    if (flag == nullptr)
      refuse(name, what_, "{unacceptable_type," + std::string{amqp::type_name(*value)} + "}");
    return *flag;
  }

  std::optional<std::string> text(std::string_view name) const {
    const amqp::Value* value = arguments_.find(name);
    if (value == nullptr) return std::nullopt;
    const std::string* string = value->as_string();
    if (string == nullptr)
      refuse(name, what_, "{unacceptable_type," + std::string{amqp::type_name(*value)} + "}");
    return *string;
  }

  /// Refuses arguments of other types of queues.
  void none_of(std::span<const std::string_view> names, std::string_view type) const {
    for (const std::string_view name : names)
      if (arguments_.contains(name))
        throw amqp::Error{ReplyCode::precondition_failed,
                          "invalid arg '" + std::string{name} + "' for " + std::string{what_} +
                              " of queue type " + std::string{type}};
  }

  /// RabbitMQ refuses another type here in words of its own (rabbit_channel.erl, queue.declare).
  std::optional<std::string> exchange(std::string_view name) const {
    const amqp::Value* value = arguments_.find(name);
    if (value != nullptr && value->as_string() == nullptr)
      throw amqp::Error{ReplyCode::precondition_failed,
                        "invalid type '" + std::string{amqp::type_name(*value)} + "' for arg '" +
                            std::string{name} + "' in " + std::string{what_}};
    return text(name);
  }

 private:
  const amqp::Table& arguments_;
  std::string_view what_;
};

Overflow parse_overflow(const ArgumentReader& read, std::string_view what) {
  const std::string text = read.text("x-overflow").value_or("drop-head");
  if (const auto overflow = overflow_of(text)) return *overflow;
  refuse("x-overflow", what, "invalid_overflow");
}

/// Returns whether it is a quorum queue.
bool check_queue_type(const ArgumentReader& read, std::string_view what) {
  const std::string type = read.text("x-queue-type").value_or("classic");
  if (type == "classic" || type == "quorum") return type == "quorum";
  if (type == "stream")
    throw amqp::Error{ReplyCode::not_implemented,
                      "x-queue-type 'stream' for " + std::string{what} +
                          " is not supported; use 'classic' or 'quorum'"};
  refuse("x-queue-type", what, "\"unsupported queue type '" + type + "'\"");
}

/// What means something to a cluster, or to RabbitMQ's own store, only.
void check_without_effect(const ArgumentReader& read, std::string_view what) {
  const auto mode = read.text("x-queue-mode");
  if (mode && !is_queue_mode(*mode))
    refuse("x-queue-mode", what, "\"unsupported queue mode '" + *mode + "'\"");
  const auto version = read.integer("x-queue-version", 0);
  if (version && !is_queue_version(*version))
    refuse("x-queue-version", what,
           "\"unsupported queue version '" + std::to_string(*version) + "'\"");
  const auto strategy = read.text("x-dead-letter-strategy");
  if (strategy && !is_dead_letter_strategy(*strategy))
    refuse("x-dead-letter-strategy", what, "invalid_dlx_strategy");
  const auto locator = read.text("x-queue-leader-locator");
  if (locator && !is_leader_locator(*locator))
    refuse("x-queue-leader-locator", what, "invalid_queue_locator_arg");
  for (const std::string_view size : {"x-quorum-initial-group-size", "x-quorum-target-group-size"})
    read.integer(size, 1);
  for (const std::string_view limit : {"x-max-in-memory-length", "x-max-in-memory-bytes"})
    read.integer(limit, 0);
}

/// -1 is none (RabbitMQ 4).
std::optional<std::uint32_t> parse_delivery_limit(const ArgumentReader& read,
                                                  const amqp::Table& arguments, bool is_quorum) {
  const amqp::Value* given = arguments.find("x-delivery-limit");
  if (given == nullptr) return is_quorum ? std::optional{quorum_delivery_limit} : std::nullopt;
  if (given->as_integer() == -1) return std::nullopt;
  const std::int64_t limit = read.integer("x-delivery-limit", 0).value_or(0);
  return static_cast<std::uint32_t>(std::min<std::int64_t>(limit, UINT32_MAX));
}

}  // namespace

std::optional<Overflow> overflow_of(std::string_view name) {
  if (name == "drop-head") return Overflow::drop_head;
  if (name == "reject-publish") return Overflow::reject_publish;
  if (name == "reject-publish-dlx") return Overflow::reject_publish_dlx;
  return std::nullopt;
}

bool is_queue_mode(std::string_view text) {
  return text == "default" || text == "lazy";
}

bool is_queue_version(std::int64_t number) {
  return number == 1 || number == 2;
}

bool is_dead_letter_strategy(std::string_view text) {
  return text == "at-most-once" || text == "at-least-once";
}

bool is_leader_locator(std::string_view text) {
  return text == "client-local" || text == "balanced" || text == "least-leaders" ||
         text == "random";
}

QueueArguments parse_queue_arguments(const amqp::Table& arguments, std::string_view what) {
  const ArgumentReader read{arguments, what};
  QueueArguments parsed;
  const bool is_quorum = check_queue_type(read, what);
  const std::string_view type = is_quorum ? "rabbit_quorum_queue" : "rabbit_classic_queue";
  if (is_quorum)
    read.none_of(classic_arguments, type);
  else
    read.none_of(quorum_arguments, type);
  read.none_of(stream_arguments, type);
  check_without_effect(read, what);
  parsed.message_ttl_ms = read.milliseconds("x-message-ttl", 0);
  parsed.expires_ms = read.milliseconds("x-expires", 1);
  if (const auto length = read.integer("x-max-length", 0))
    parsed.max_length = static_cast<std::uint64_t>(*length);
  if (const auto bytes = read.integer("x-max-length-bytes", 0))
    parsed.max_length_bytes = static_cast<std::uint64_t>(*bytes);
  parsed.delivery_limit = parse_delivery_limit(read, arguments, is_quorum);
  parsed.dead_letter_exchange = read.exchange("x-dead-letter-exchange");
  parsed.dead_letter_routing_key = read.text("x-dead-letter-routing-key");
  if (parsed.dead_letter_routing_key && !parsed.dead_letter_exchange)
    refuse("x-dead-letter-routing-key", what, "routing_key_but_no_dlx_defined");
  if (parsed.dead_letter_routing_key.value_or("").size() > 255)
    refuse("x-dead-letter-routing-key", what, "{too_long,255}");
  if (const auto priority = read.integer_to("x-max-priority", 255))
    parsed.max_priority = static_cast<std::uint8_t>(*priority);
  if (is_quorum) {
    parsed.max_priority = 31;
    parsed.default_priority = 4;
  }
  parsed.overflow = parse_overflow(read, what);
  parsed.single_active_consumer = read.boolean("x-single-active-consumer").value_or(false);
  parsed.is_quorum = is_quorum;
  parsed.consumer_timeout_ms = read.milliseconds("x-consumer-timeout", 0);
  parsed.counts_deliveries = is_quorum || parsed.delivery_limit.has_value();
  return parsed;
}

void check_queue_flags(const QueueArguments& parsed, const QueueSpec& spec, std::string_view what) {
  if (!parsed.is_quorum) return;
  const auto refuse_flag = [&](const char* flag) {
    throw amqp::Error{ReplyCode::precondition_failed,
                      "invalid property '" + std::string{flag} + "' for " + std::string{what}};
  };
  if (spec.auto_delete) refuse_flag("auto-delete");
  if (spec.exclusive) refuse_flag("exclusive-owner");
  if (!spec.durable) refuse_flag("non-durable");
}

void assert_queue_arguments_equivalent(const amqp::Table& wanted, const amqp::Table& current,
                                       std::string_view what) {
  const amqp::Value classic{"classic"};
  const auto type_of = [&](const amqp::Table& arguments) {
    const amqp::Value* type = arguments.find("x-queue-type");
    return type ? *type : classic;
  };
  if (!type_of(wanted).is_equivalent(type_of(current)))
    assert_argument_equivalent("x-queue-type", wanted, current, what);
  for (const std::string_view name : known_arguments)
    assert_argument_equivalent(name, wanted, current, what);
}

void assert_argument_equivalent(std::string_view name, const amqp::Table& wanted,
                                const amqp::Table& current, std::string_view what) {
  const amqp::Value* received = wanted.find(name);
  const amqp::Value* existing = current.find(name);
  if (received == nullptr && existing == nullptr) return;
  if (received == nullptr || existing == nullptr)
    inequivalent(name, what, describe(received), describe(existing));
  if (received->is_equivalent(*existing)) return;
  inequivalent(name, what, quoted(amqp::to_text(*received)), quoted(amqp::to_text(*existing)));
}

void assert_flag_equivalent(std::string_view name, bool wanted, bool current,
                            std::string_view what) {
  const auto text = [](bool value) { return std::string_view{value ? "true" : "false"}; };
  assert_flag_equivalent(name, text(wanted), text(current), what);
}

void assert_flag_equivalent(std::string_view name, std::string_view wanted,
                            std::string_view current, std::string_view what) {
  if (wanted == current) return;
  inequivalent(name, what, quoted(wanted), quoted(current));
}

}  // namespace leveret::broker
