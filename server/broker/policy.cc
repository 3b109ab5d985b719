#include "broker/policy.h"

#include <algorithm>
#include <array>
#include <limits>
#include <optional>
#include <span>
#include <utility>

#include "amqp/reply_code.h"

namespace leveret::broker {
namespace {

using amqp::Table;
using amqp::Value;

/// A time that a policy asks for may be longer than an argument's; this is for ever, and can be
/// added to a time.
constexpr std::int64_t milliseconds_max = 100LL * 365 * 24 * 3600 * 1000;

[[noreturn]] void refuse(const std::string& why) {
  throw amqp::Error{amqp::ReplyCode::precondition_failed, why};
}

/// As Erlang writes it, since RabbitMQ's texts do.
std::string as_erlang(const Value& value) {
  if (const std::string* text = value.as_string()) return "<<\"" + *text + "\">>";
  if (value.is_void()) return "null";
  return amqp::to_text(value);
}

// What a key's value may be.
bool is_any(const Value&) {
  return true;
}
bool is_text(const Value& value) {
  return value.as_string() != nullptr;
}
bool is_routing_key(const Value& value) {
  return is_text(value) && value.as_string()->size() <= 255;
}
bool is_number(const Value& value) {
  return value.as_integer().has_value();
}
bool is_natural(const Value& value) {
  return value.as_integer().value_or(-1) >= 0;
}
bool is_positive(const Value& value) {
  return value.as_integer().value_or(0) >= 1;
}
bool is_version(const Value& value) {
  const auto number = value.as_integer();
  return number && is_queue_version(*number);
}
bool is_overflow(const Value& value) {
  return is_text(value) && overflow_of(*value.as_string());
}
template <bool (*is_valid)(std::string_view)>
bool is_text_that(const Value& value) {
  return is_text(value) && is_valid(*value.as_string());
}
bool is_master_locator(std::string_view text) {
  return text == "min-masters" || text == "client-local" || text == "random";
}

struct Key {
  std::string_view name;
  bool for_operators;
  bool (*is_valid)(const Value&);
  /// Behind the value.
  std::string_view complaint;
};

/// rabbit_policies.erl, and the validators that other modules and the federation plugin add.
constexpr std::array keys{
    Key{"alternate-exchange", false, is_text, "is not a valid alternate exchange name"},
    Key{"consumer-timeout", false, is_natural, "is not a valid consumer timeout"},
    Key{"dead-letter-exchange", false, is_text, "is not a valid dead letter exchange name"},
    Key{"dead-letter-routing-key", false, is_routing_key, "is not a valid dead letter routing key"},
    Key{"dead-letter-strategy", false, is_text_that<is_dead_letter_strategy>,
        "is not a valid dead letter strategy"},
    Key{"delivery-limit", true, is_number, "is not a valid delivery limit"},
    Key{"expires", true, is_positive, "is not a valid queue expiry"},
    Key{"federation-upstream", false, is_text, "is not a valid federation upstream name"},
    Key{"federation-upstream-pattern", false, is_text,
        "is not a valid federation upstream pattern"},
    Key{"federation-upstream-set", false, is_text, "is not a valid federation upstream set name"},
    Key{"ha-mode", true, is_text, "is not a valid ha-mode value"},
    Key{"ha-params", true, is_any, ""},
    Key{"ha-promote-on-failure", true, is_text, "is not a valid ha-promote-on-failure value"},
    Key{"ha-promote-on-shutdown", true, is_text, "is not a valid ha-promote-on-shutdown value"},
    Key{"ha-sync-batch-size", true, is_positive, "is not a valid ha-sync-batch-size value"},
    Key{"ha-sync-mode", true, is_text, "is not a valid ha-sync-mode value"},
    Key{"initial-cluster-size", false, is_natural, "is not a valid cluster size"},
    Key{"max-age", false, is_text, "is not a valid max age"},
    Key{"max-in-memory-bytes", true, is_natural, "is not a valid maximum memory in bytes"},
    Key{"max-in-memory-length", true, is_natural, "is not a valid maximum memory in bytes"},
    Key{"max-length", true, is_natural, "is not a valid maximum length"},
    Key{"max-length-bytes", true, is_natural, "is not a valid maximum length in bytes"},
    Key{"message-ttl", true, is_natural, "is not a valid message TTL"},
    Key{"overflow", true, is_overflow, "is not a valid overflow value"},
    Key{"queue-leader-locator", false, is_text_that<is_leader_locator>,
        "is not a valid queue leader locator value"},
    Key{"queue-master-locator", false, is_text_that<is_master_locator>,
        "invalid queue-master-locator value"},
    Key{"queue-mode", false, is_text_that<is_queue_mode>, "is not a valid queue-mode value"},
    Key{"queue-version", true, is_version, "is not a valid queue version"},
    Key{"stream-filter-size-bytes", false, is_natural, "is not a valid filter size"},
    Key{"stream-max-segment-size-bytes", false, is_natural, "is not a valid segment size"},
    Key{"target-group-size", true, is_natural, "is not a valid target group size"},
};

/// Keys that keep a policy off a kind of queue. RabbitMQ 3.10's, but that a delivery limit works on
/// every queue here.
constexpr std::array<std::string_view, 6> foreign_to_classic{
    "dead-letter-strategy", "initial-cluster-size",     "max-age",
    "queue-leader-locator", "stream-filter-size-bytes", "stream-max-segment-size-bytes"};
constexpr std::array<std::string_view, 11> foreign_to_quorum{"ha-mode",
                                                             "ha-params",
                                                             "ha-promote-on-failure",
                                                             "ha-promote-on-shutdown",
                                                             "ha-sync-mode",
                                                             "initial-cluster-size",
                                                             "max-age",
                                                             "queue-master-locator",
                                                             "queue-mode",
                                                             "stream-filter-size-bytes",
                                                             "stream-max-segment-size-bytes"};

void check_definition(const PolicyRecord& record) {
  if (record.definition.is_empty()) refuse("no policy provided");
  std::string unknown;
  for (const auto& [name, value] : record.definition) {
    const auto key = std::ranges::find(keys, name, &Key::name);
    const bool is_known =
        key != keys.end() && (record.kind == PolicyKind::policy || key->for_operators);
    if (!is_known) {
      unknown +=
          (unknown.empty() ? "{" : ",{") + as_erlang(Value{name}) + "," + as_erlang(value) + "}";
    } else if (!key->is_valid(value)) {
      refuse(as_erlang(value) + " " + std::string{key->complaint});
    }
  }
  if (!unknown.empty()) refuse("[" + unknown + "] are not recognised policy settings");
}

void check_apply_to(const std::string& apply_to) {
  constexpr std::array<std::string_view, 6> names{"all",           "queues",  "classic_queues",
                                                  "quorum_queues", "streams", "exchanges"};
  if (std::ranges::find(names, apply_to) == names.end())
    refuse("apply-to '" + apply_to +
           "' unrecognised; should be one of: 'queues', 'classic_queues', 'quorum_queues', "
           "'streams', 'exchanges', or 'all'");
}

Pattern make_pattern(const std::string& text) {
  try {
    return Pattern{text};
  } catch (const PatternError& error) {
    refuse("pattern should be regular expression but is invalid: {\"" + std::string{error.what()} +
           "\"," + std::to_string(error.position) + "}");
  }
}

bool fits(const std::string& apply_to, PolicyTarget target) {
  if (apply_to == "all") return true;
  switch (target) {
    case PolicyTarget::exchange: return apply_to == "exchanges";
    case PolicyTarget::classic_queue: return apply_to == "queues" || apply_to == "classic_queues";
    case PolicyTarget::quorum_queue: return apply_to == "queues" || apply_to == "quorum_queues";
  }
  return false;
}

std::span<const std::string_view> foreign_keys(PolicyTarget target) {
  switch (target) {
    case PolicyTarget::exchange: return {};
    case PolicyTarget::classic_queue: return foreign_to_classic;
    case PolicyTarget::quorum_queue: return foreign_to_quorum;
  }
  return {};
}

Value merge(const Value& value, const Value& of_operator) {
  const auto a = value.as_integer();
  const auto b = of_operator.as_integer();
  if (!a || !b) return of_operator;
  // A negative delivery limit is none (rabbit_quorum_queue.erl).
  return *a < 0 || *b < 0 ? std::max(*a, *b) : std::min(*a, *b);
}

std::optional<std::int64_t> integer(const Table& definition, std::string_view key) {
  const Value* value = definition.find(key);
  return value ? value->as_integer() : std::nullopt;
}

std::optional<std::string> text(const Table& definition, std::string_view key) {
  const Value* value = definition.find(key);
  const std::string* found = value ? value->as_string() : nullptr;
  return found ? std::optional{*found} : std::nullopt;
}

template <class T>
void lower(std::optional<T>& limit, std::optional<std::int64_t> other, std::int64_t max) {
  if (!other || *other < 0) return;
  const auto value = static_cast<T>(std::min(*other, max));
  limit = limit ? std::min(*limit, value) : value;
}

}  // namespace

PolicyTarget policy_target_of(const Table& queue_arguments) {
  return text(queue_arguments, "x-queue-type") == "quorum" ? PolicyTarget::quorum_queue
                                                           : PolicyTarget::classic_queue;
}

Policy::Policy(PolicyRecord record)
    : record_(std::move(record)), pattern_(make_pattern(record_.pattern)) {
  check_apply_to(record_.apply_to);
  check_definition(record_);
}

bool Policy::applies_to(PolicyTarget target, std::string_view name) const {
  const auto is_here = [this](std::string_view key) { return record_.definition.contains(key); };
  return fits(record_.apply_to, target) && std::ranges::none_of(foreign_keys(target), is_here) &&
         pattern_.matches(name);
}

bool Policies::put(Policy policy) {
  List& list = of(policy.record().kind);
  const bool is_new = !drop(policy.record().kind, policy.record().name);
  const auto behind = std::ranges::find_if(list, [&](const Policy& other) {
    const std::int64_t priority = other.record().priority;
    return priority < policy.record().priority ||
           (priority == policy.record().priority && other.record().name > policy.record().name);
  });
  list.insert(behind, std::move(policy));
  return is_new;
}

bool Policies::drop(PolicyKind kind, std::string_view name) {
  return std::erase_if(of(kind), [&](const Policy& each) { return each.record().name == name; }) >
         0;
}

bool Policies::has(PolicyKind kind, std::string_view name) const {
  return std::ranges::any_of(of(kind),
                             [&](const Policy& each) { return each.record().name == name; });
}

EffectivePolicy Policies::effective(PolicyTarget target, std::string_view name) const {
  const auto find = [&](PolicyKind kind) -> const PolicyRecord* {
    const auto it = std::ranges::find_if(
        of(kind), [&](const Policy& each) { return each.applies_to(target, name); });
    return it == of(kind).end() ? nullptr : &it->record();
  };
  EffectivePolicy effective;
  const PolicyRecord* policy = find(PolicyKind::policy);
  const PolicyRecord* of_operator = find(PolicyKind::operator_policy);
  if (policy) effective.policy = policy->name;
  if (of_operator) effective.operator_policy = of_operator->name;
  effective.definition = merge_definitions(policy ? policy->definition : Table{},
                                           of_operator ? of_operator->definition : Table{});
  return effective;
}

std::vector<PolicyRecord> Policies::records(PolicyKind kind) const {
  std::vector<PolicyRecord> records;
  for (const Policy& each : of(kind)) records.push_back(each.record());
  std::ranges::sort(records, {}, &PolicyRecord::name);
  return records;
}

Table merge_definitions(const Table& policy, const Table& operator_policy) {
  Table merged = policy;
  for (const auto& [key, value] : operator_policy) {
    const Value* existing = policy.find(key);
    merged.set(key, existing ? merge(*existing, value) : value);
  }
  return merged;
}

QueueArguments with_policy(QueueArguments parsed, const Table& arguments, const Table& definition) {
  constexpr std::int64_t none = std::numeric_limits<std::int64_t>::max();
  lower(parsed.message_ttl_ms, integer(definition, "message-ttl"), milliseconds_max);
  lower(parsed.expires_ms, integer(definition, "expires"), milliseconds_max);
  lower(parsed.max_length, integer(definition, "max-length"), none);
  lower(parsed.max_length_bytes, integer(definition, "max-length-bytes"), none);
  lower(parsed.delivery_limit, integer(definition, "delivery-limit"), UINT32_MAX);
  // 0 is no timeout.
  if (parsed.consumer_timeout_ms == 0 && definition.contains("consumer-timeout"))
    parsed.consumer_timeout_ms.reset();
  if (const auto timeout = integer(definition, "consumer-timeout");
      timeout && (*timeout > 0 || !parsed.consumer_timeout_ms))
    lower(parsed.consumer_timeout_ms, timeout, milliseconds_max);
  if (!parsed.dead_letter_exchange)
    parsed.dead_letter_exchange = text(definition, "dead-letter-exchange");
  if (!parsed.dead_letter_routing_key)
    parsed.dead_letter_routing_key = text(definition, "dead-letter-routing-key");
  if (const auto overflow = text(definition, "overflow");
      overflow && !arguments.contains("x-overflow"))
    parsed.overflow = overflow_of(*overflow).value_or(parsed.overflow);
  parsed.counts_deliveries = parsed.counts_deliveries || parsed.delivery_limit.has_value();
  return parsed;
}

}  // namespace leveret::broker
