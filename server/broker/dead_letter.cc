#include "broker/dead_letter.h"

#include <algorithm>
#include <array>
#include <limits>

#include "amqp/reply_code.h"

namespace leveret::broker {
namespace {

using amqp::Array;
using amqp::Table;
using amqp::Value;

constexpr std::array death_headers{
    std::string_view{"x-death"},
    std::string_view{"x-first-death-exchange"},
    std::string_view{"x-first-death-queue"},
    std::string_view{"x-first-death-reason"},
    std::string_view{"x-last-death-exchange"},
    std::string_view{"x-last-death-queue"},
    std::string_view{"x-last-death-reason"},
    std::string_view{"x-delivery-count"},
};

std::string_view text_of(const Table& table, std::string_view name) {
  const Value* value = table.find(name);
  const std::string* text = value ? value->as_string() : nullptr;
  return text ? std::string_view{*text} : std::string_view{};
}

amqp::Timestamp seconds(TimeMs at) {
  return {static_cast<std::uint64_t>(at / 1000)};
}

/// One more than the count that `value` holds, if any; a client may have written anything there.
std::int64_t counted_up(const Value* value) {
  const std::int64_t count = value ? value->as_integer().value_or(0) : 0;
  return count == std::numeric_limits<std::int64_t>::max() ? count : count + 1;
}

Array deaths_of(const Table& headers) {
  const Value* value = headers.find("x-death");
  const Array* deaths = value ? value->get_if<Array>() : nullptr;
  return deaths ? *deaths : Array{};
}

/// CC stays visible to consumers, BCC never does.
Array visible_routing_keys(std::string_view routing_key, const Table& headers) {
  Array keys{Value{routing_key}};
  if (const Value* cc = headers.find("CC"))
    if (const Array* more = cc->get_if<Array>())
      keys.insert(keys.end(), more->begin(), more->end());
  return keys;
}

Table new_death(const Message& message, const Death& death, const amqp::Properties& properties) {
  Table table{
      {"count", Value{std::int64_t{1}}},
      {"reason", Value{name_of(death.reason)}},
      {"queue", Value{death.queue}},
      {"time", Value{seconds(death.at)}},
      {"exchange", Value{message.exchange()}},
      {"routing-keys", Value{visible_routing_keys(message.routing_key(), *properties.headers)}}};
  if (properties.expiration) table.set("original-expiration", Value{*properties.expiration});
  return table;
}

/// Takes the entry of this queue and reason out of `deaths`, counted up; else makes a new one.
Table record(Array& deaths, const Message& message, const Death& death,
             const amqp::Properties& properties) {
  const auto same = std::ranges::find_if(deaths, [&](const Value& value) {
    const Table* table = value.get_if<Table>();
    return table && text_of(*table, "queue") == death.queue &&
           text_of(*table, "reason") == name_of(death.reason);
  });
  if (same == deaths.end()) return new_death(message, death, properties);
  Table table = *same->get_if<Table>();
  deaths.erase(same);
  table.set("count", Value{counted_up(table.find("count"))});
  return table;
}

void set_death_headers(Table& headers, const Message& message, const Death& death) {
  const auto set = [&](std::string_view prefix) {
    headers.set(std::string{prefix} + "-reason", Value{name_of(death.reason)});
    headers.set(std::string{prefix} + "-queue", Value{death.queue});
    headers.set(std::string{prefix} + "-exchange", Value{message.exchange()});
  };
  if (!headers.contains("x-first-death-reason")) set("x-first-death");
  set("x-last-death");
}

void append_keys(const Table& headers, std::string_view name, std::vector<std::string>& keys) {
  const Value* value = headers.find(name);
  if (value == nullptr) return;
  const Array* array = value->get_if<Array>();
  if (array == nullptr)
    throw amqp::Error{amqp::ReplyCode::precondition_failed,
                      "invalid message: {unacceptable_type_in_header,\"" + std::string{name} +
                          "\"," + std::string{amqp::type_name(*value)} + "}"};
  for (const Value& key : *array)  // what is no string is skipped (rabbit_basic.erl, header_routes)
    if (const std::string* text = key.as_string()) keys.push_back(*text);
}

template <class F>
MessagePtr with_changed_headers(const Message& message, F change) {
  amqp::Properties properties = amqp::read_properties(message.properties());
  if (!properties.headers) properties.headers.emplace();
  change(*properties.headers);
  return Message::make(message.exchange(), message.routing_key(),
                       amqp::write_properties(properties), message.body(), message.published_at());
}

}  // namespace

std::string_view name_of(DeathReason reason) {
  switch (reason) {
    case DeathReason::rejected: return "rejected";
    case DeathReason::expired: return "expired";
    case DeathReason::maxlen: return "maxlen";
    case DeathReason::delivery_limit: return "delivery_limit";
  }
  return "rejected";
}

DeadLetter make_dead_letter(const Message& message, const Death& death,
                            const std::string* routing_key_override) {
  DeadLetter letter;
  letter.properties = amqp::read_properties(message.properties());
  if (!letter.properties.headers) letter.properties.headers.emplace();
  Table& headers = *letter.properties.headers;
  if (routing_key_override)
    letter.routing_keys = {*routing_key_override};
  else
    letter.routing_keys = routing_keys_of(message.routing_key(), headers);
  Array deaths = deaths_of(headers);
  Table latest = record(deaths, message, death, letter.properties);
  deaths.insert(deaths.begin(), Value{std::move(latest)});
  headers.set_first("x-death", Value{std::move(deaths)});
  set_death_headers(headers, message, death);
  if (routing_key_override) {
    headers.erase("CC");
    headers.erase("BCC");
  }
  headers.erase("x-delivery-count");
  letter.properties.expiration.reset();
  return letter;
}

bool is_cycle(const Table& headers, std::string_view queue) {
  for (const Value& value : deaths_of(headers)) {
    const Table* death = value.get_if<Table>();
    if (death == nullptr) continue;
    if (text_of(*death, "reason") == "rejected") return false;
    if (text_of(*death, "queue") == queue) return true;
  }
  return false;
}

std::vector<std::string> routing_keys_of(std::string_view routing_key, const Table& headers) {
  std::vector<std::string> keys{std::string{routing_key}};
  append_keys(headers, "CC", keys);
  append_keys(headers, "BCC", keys);
  return keys;
}

std::string original_queue(const Message& message) {
  if (message.headers().empty()) return {};
  amqp::Reader reader{message.headers()};
  const Table headers = amqp::read_table(reader);
  const Array deaths = deaths_of(headers);
  const Table* latest = deaths.empty() ? nullptr : deaths.front().get_if<Table>();
  return latest ? std::string{text_of(*latest, "queue")} : std::string{};
}

MessagePtr make_replay(const Message& message, std::string_view target_queue,
                       std::string_view actor, std::uint64_t operation, TimeMs now) {
  amqp::Properties properties = amqp::read_properties(message.properties());
  if (!properties.headers) properties.headers.emplace();
  Table& headers = *properties.headers;
  const Value* previous = headers.find("x-replay");
  const Table* previous_table = previous ? previous->get_if<Table>() : nullptr;
  Table replay{{"op", Value{static_cast<std::int64_t>(operation)}},
               {"by", Value{actor}},
               {"at", Value{seconds(now)}},
               {"n", Value{counted_up(previous_table ? previous_table->find("n") : nullptr)}},
               {"exchange", Value{message.exchange()}},
               {"routing-key", Value{message.routing_key()}}};
  for (const std::string_view name : death_headers) {
    if (const Value* value = headers.find(name)) replay.set(name, *value);
    headers.erase(name);
  }
  headers.set("x-replay", Value{std::move(replay)});
  return Message::make("", target_queue, amqp::write_properties(properties), message.body(), now);
}

MessagePtr visible_form(const MessagePtr& message) {
  if (!message->may_have_bcc()) return message;
  try {
    amqp::Properties properties = amqp::read_properties(message->properties());
    if (!properties.headers || !properties.headers->erase("BCC")) return message;
    return Message::make(message->exchange(), message->routing_key(),
                         amqp::write_properties(properties), message->body(),
                         message->published_at());
  } catch (const amqp::Error&) {  // its headers have grown beyond what can be read again
    return message;
  }
}

MessagePtr with_delivery_count(const Message& message, std::uint32_t count) {
  return with_changed_headers(message, [&](Table& headers) {
    headers.erase("BCC");
    headers.set("x-delivery-count", Value{static_cast<std::int64_t>(count)});
  });
}

}  // namespace leveret::broker
