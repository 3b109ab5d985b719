#include "store/topology_table.h"

#include "amqp/reply_code.h"
#include "amqp/table.h"
#include "amqp/wire.h"
#include "store/row_crc.h"

namespace leveret::store {
namespace {

std::string encode(const amqp::Table& table) {
  std::string bytes;
  amqp::Writer writer(bytes);
  amqp::write_table(writer, table);
  return bytes;
}

amqp::Table decode(const std::string& file, std::string_view bytes) {
  try {
    amqp::Reader reader(bytes);
    return amqp::read_table(reader);
  } catch (const amqp::Error& error) {
    throw StoreError(damaged_text(file, std::string("stored arguments: ") + error.what()),
                     SQLITE_CORRUPT);
  }
}

}  // namespace

TopologyTable::TopologyTable(Connection& connection)
    : connection_(connection),
      put_exchange_(connection, "INSERT OR REPLACE INTO exchange " + checked_values(5)),
      drop_exchange_(connection, "DELETE FROM exchange WHERE name = ?"),
      drop_bindings_from_(connection, "DELETE FROM binding WHERE source = ?"),
      drop_bindings_to_(connection,
                        "DELETE FROM binding WHERE destination = ? AND to_exchange = ?"),
      put_queue_(connection,
                 "INSERT INTO queue " + checked_values(7) +
                     " ON CONFLICT (id) DO UPDATE SET name = ?3, auto_delete = ?4, arguments = ?5, "
                     "crc = row_crc(id, slot, ?3, ?4, ?5, level_of, priority)"),
      note_queue_id_(connection,
                     "INSERT INTO meta VALUES ('last_queue_id', ?1, row_crc('last_queue_id', ?1)) "
                     "ON CONFLICT (name) DO UPDATE SET value = max(value, ?1), "
                     "crc = row_crc(name, max(value, ?1))"),
      drop_queue_(connection, "DELETE FROM queue WHERE id = ?"),
      drop_counters_(connection, "DELETE FROM queue_counters WHERE id = ?"),
      condemn_(connection, "INSERT INTO condemned " + checked_values(1)),
      put_binding_(connection, "INSERT OR REPLACE INTO binding " + checked_values(5)),
      drop_binding_(connection,
                    "DELETE FROM binding WHERE source = ? AND destination = ? AND to_exchange = ? "
                    "AND routing_key = ? AND arguments = ?"),
      put_policy_(connection, "INSERT OR REPLACE INTO policy " + checked_values(6)),
      drop_policy_(connection, "DELETE FROM policy WHERE is_operator = ? AND name = ?"),
      put_counters_(connection, "INSERT OR REPLACE INTO queue_counters VALUES (?, ?, ?, ?, ?)"),
      first_condemned_(connection, "SELECT slot FROM condemned ORDER BY slot LIMIT 1"),
      pardon_(connection, "DELETE FROM condemned WHERE slot = ?"),
      highest_slot_(connection,
                    "SELECT max(slot) FROM (SELECT max(slot) AS slot FROM queue UNION ALL "
                    "SELECT max(slot) FROM condemned)") {}

void TopologyTable::put_exchange(const broker::ExchangeRecord& exchange) {
  const std::string arguments = encode(exchange.arguments);
  put_exchange_.bind_text(1, exchange.name);
  put_exchange_.bind_text(2, exchange.type);
  put_exchange_.bind(3, exchange.auto_delete ? 1 : 0);
  put_exchange_.bind(4, exchange.internal ? 1 : 0);
  put_exchange_.bind_blob(5, arguments);
  put_exchange_.run();
}

void TopologyTable::drop_exchange(const std::string& name) {
  drop_bindings_from_.bind_text(1, name);
  drop_bindings_from_.run();
  drop_bindings_to_.bind_text(1, name);
  drop_bindings_to_.bind(2, 1);
  drop_bindings_to_.run();
  drop_exchange_.bind_text(1, name);
  drop_exchange_.run();
}

void TopologyTable::put_queue(const broker::QueueRecord& queue, std::uint32_t slot) {
  const std::string arguments = encode(queue.arguments);
  put_queue_.bind(1, std::int64_t{queue.id.value});
  put_queue_.bind(2, std::int64_t{slot});
  if (queue.level_of)
    put_queue_.bind_null(3);
  else
    put_queue_.bind_text(3, queue.name);
  put_queue_.bind(4, queue.auto_delete ? 1 : 0);
  put_queue_.bind_blob(5, arguments);
  if (queue.level_of)
    put_queue_.bind(6, std::int64_t{queue.level_of.value});
  else
    put_queue_.bind_null(6);
  put_queue_.bind(7, queue.priority);
  put_queue_.run();
  note_queue_id_.bind(1, std::int64_t{queue.id.value});
  note_queue_id_.run();
}

void TopologyTable::drop_queue(QueueId id, const std::string& name, std::uint32_t slot) {
  if (!name.empty()) {
    drop_bindings_to_.bind_text(1, name);
    drop_bindings_to_.bind(2, 0);
    drop_bindings_to_.run();
  }
  for (Statement* statement : {&drop_queue_, &drop_counters_}) {
    statement->bind(1, std::int64_t{id.value});
    statement->run();
  }
  condemn_.bind(1, std::int64_t{slot});
  condemn_.run();
}

void TopologyTable::put_binding(const broker::BindingRecord& binding) {
  const std::string arguments = encode(binding.arguments);
  put_binding_.bind_text(1, binding.source);
  put_binding_.bind_text(2, binding.destination);
  put_binding_.bind(3, binding.to_exchange ? 1 : 0);
  put_binding_.bind_text(4, binding.routing_key);
  put_binding_.bind_blob(5, arguments);
  put_binding_.run();
}

void TopologyTable::drop_binding(const broker::BindingRecord& binding) {
  const std::string arguments = encode(binding.arguments);
  drop_binding_.bind_text(1, binding.source);
  drop_binding_.bind_text(2, binding.destination);
  drop_binding_.bind(3, binding.to_exchange ? 1 : 0);
  drop_binding_.bind_text(4, binding.routing_key);
  drop_binding_.bind_blob(5, arguments);
  drop_binding_.run();
}

void TopologyTable::put_policy(const broker::PolicyRecord& policy) {
  const std::string definition = encode(policy.definition);
  put_policy_.bind(1, policy.kind == broker::PolicyKind::operator_policy ? 1 : 0);
  put_policy_.bind_text(2, policy.name);
  put_policy_.bind_text(3, policy.pattern);
  put_policy_.bind_text(4, policy.apply_to);
  put_policy_.bind(5, policy.priority);
  put_policy_.bind_blob(6, definition);
  put_policy_.run();
}

void TopologyTable::drop_policy(broker::PolicyKind kind, const std::string& name) {
  drop_policy_.bind(1, kind == broker::PolicyKind::operator_policy ? 1 : 0);
  drop_policy_.bind_text(2, name);
  drop_policy_.run();
}

void TopologyTable::put_counters(QueueId id, const QueueState& state) {
  put_counters_.bind(1, std::int64_t{id.value});
  put_counters_.bind(2, static_cast<std::int64_t>(state.message_count));
  put_counters_.bind(3, static_cast<std::int64_t>(state.body_bytes));
  put_counters_.bind(4, static_cast<std::int64_t>(state.last_seq));
  put_counters_.bind(5, static_cast<std::int64_t>(state.delivered_mark));
  put_counters_.run();
}

std::int64_t TopologyTable::first_condemned() {
  Rows rows(first_condemned_);
  return rows.next() ? first_condemned_.integer(0) : -1;
}

void TopologyTable::pardon(std::int64_t slot) {
  pardon_.bind(1, slot);
  pardon_.run();
}

std::uint32_t TopologyTable::free_slot() {
  Rows rows(highest_slot_);
  const std::int64_t highest = rows.next() ? highest_slot_.integer(0) : 0;
  if (highest < slot_max) return static_cast<std::uint32_t>(highest) + 1;
  // Rare enough for a scan: the first gap below a used slot.
  Statement gap(connection_,
                "WITH used AS (SELECT slot FROM queue UNION SELECT slot FROM condemned) "
                "SELECT slot - 1 FROM used WHERE slot > 1 AND slot - 1 NOT IN used LIMIT 1");
  if (gap.step()) return static_cast<std::uint32_t>(gap.integer(0));
  throw StoreError(connection_.file() + " holds " + std::to_string(slot_max) +
                   " durable queues; no more fit");
}

namespace {

/// Every queue with the counters of all its entries, `counted_seq` apart.
std::string counted_queues() {
  const std::string mask = std::to_string(seq_max);
  return "(SELECT queue.*, last_seq AS counted_seq, delivered_mark, "
         "message_count + count(key) AS message_count, "
         "queue_counters.body_bytes + coalesce(sum(entry.body_bytes), 0) AS body_bytes, "
         "max(last_seq, coalesce(max(key) & " +
         mask +
         ", 0)) AS last_seq FROM queue LEFT JOIN queue_counters USING (id) "
         "LEFT JOIN entry ON key > (slot << " +
         std::to_string(seq_bits) + ") + last_seq AND key <= (slot << " + std::to_string(seq_bits) +
         ") + " + mask + " GROUP BY id)";
}

}  // namespace

broker::Recovered load_topology(Connection& connection) {
  broker::Recovered recovered;
  const auto arguments = [&](const Statement& row, int column) {
    return decode(connection.file(), row.bytes(column));
  };

  Statement exchanges(connection,
                      "SELECT name, type, auto_delete, internal, arguments FROM exchange");
  while (exchanges.step())
    recovered.exchanges.push_back({std::string(exchanges.bytes(0)), std::string(exchanges.bytes(1)),
                                   exchanges.integer(2) != 0, exchanges.integer(3) != 0,
                                   arguments(exchanges, 4)});

  Statement queues(connection,
                   "SELECT id, name, auto_delete, arguments, message_count, body_bytes, last_seq, "
                   "delivered_mark, level_of, priority "
                   "FROM " +
                       counted_queues() + " ORDER BY id");
  while (queues.step()) {
    const auto count = [&](int column) {
      return static_cast<std::uint64_t>(queues.integer(column));
    };
    recovered.queues.push_back({{{static_cast<std::uint32_t>(queues.integer(0))},
                                 std::string(queues.bytes(1)),
                                 queues.integer(2) != 0,
                                 arguments(queues, 3),
                                 {static_cast<std::uint32_t>(queues.integer(8))},
                                 static_cast<std::uint8_t>(queues.integer(9))},
                                count(4),
                                count(5),
                                count(6),
                                count(7)});
  }

  Statement bindings(
      connection, "SELECT source, destination, to_exchange, routing_key, arguments FROM binding");
  while (bindings.step())
    recovered.bindings.push_back({std::string(bindings.bytes(0)), std::string(bindings.bytes(1)),
                                  bindings.integer(2) != 0, std::string(bindings.bytes(3)),
                                  arguments(bindings, 4)});

  Statement policies(
      connection, "SELECT is_operator, name, pattern, apply_to, priority, definition FROM policy");
  while (policies.step())
    recovered.policies.push_back({policies.integer(0) != 0 ? broker::PolicyKind::operator_policy
                                                           : broker::PolicyKind::policy,
                                  std::string(policies.bytes(1)), std::string(policies.bytes(2)),
                                  std::string(policies.bytes(3)), policies.integer(4),
                                  arguments(policies, 5)});

  recovered.last_content =
      static_cast<broker::ContentId>(connection.query_integer("SELECT max(id) FROM content"));
  recovered.last_queue_id = static_cast<std::uint32_t>(
      connection.query_integer("SELECT value FROM meta WHERE name = 'last_queue_id'"));
  return recovered;
}

QueueStates load_queue_states(Connection& connection) {
  QueueStates states;
  Statement rows(
      connection,
      "SELECT id, slot, message_count, body_bytes, last_seq, delivered_mark, counted_seq "
      "FROM " +
          counted_queues());
  while (rows.step()) {
    const auto count = [&](int column) { return static_cast<std::uint64_t>(rows.integer(column)); };
    states[QueueId{static_cast<std::uint32_t>(rows.integer(0))}] = {
        static_cast<std::uint32_t>(rows.integer(1)),
        count(2),
        count(3),
        count(4),
        count(5),
        {.counted_seq = count(6), .last_seq = count(4), .delivered_mark = count(5)}};
  }
  return states;
}

}  // namespace leveret::store
