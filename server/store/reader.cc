#include "store/reader.h"

#include <algorithm>
#include <exception>
#include <limits>
#include <string>
#include <utility>

#include "amqp/reply_code.h"
#include "store/message_table.h"
#include "store/queue_state.h"

namespace leveret::store {
namespace {

// Columns of select_messages_.
enum Column {
  key,
  delivery_count,
  content,
  body_bytes,
  id,
  crc,
  published_at,
  exchange,
  routing_key,
  properties,
  body
};

std::int64_t saturated(std::uint64_t value) {
  constexpr auto max = std::numeric_limits<std::int64_t>::max();
  return static_cast<std::int64_t>(std::min(value, static_cast<std::uint64_t>(max)));
}

}  // namespace

Reader::Reader(Connection& connection, Failure& failure, const StoreCallbacks& callbacks)
    : connection_(connection),
      failure_(failure),
      callbacks_(callbacks),
      select_slot_(connection, "SELECT slot FROM queue WHERE id = ?"),
      select_messages_(connection,
                       "SELECT e.key, e.delivery_count, e.content, e.body_bytes, m.id, m.crc, "
                       "m.published_at, m.exchange, m.routing_key, m.properties, m.body "
                       "FROM entry e LEFT JOIN message m ON m.id = e.message "
                       "WHERE e.key BETWEEN ? AND ? ORDER BY e.key LIMIT ?"),
      thread_([this] { run(); }) {}

Reader::~Reader() {
  close();
}

void Reader::request(ReadRequest request) {
  const std::lock_guard lock(mutex_);
  requests_.push_back(std::move(request));
  wake_.notify_one();
}

void Reader::committed(broker::CommitNumber number) {
  const std::lock_guard lock(mutex_);
  committed_ = number;
  if (!requests_.empty()) wake_.notify_one();
}

void Reader::close() {
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
    wake_.notify_one();
  }
  if (thread_.joinable()) thread_.join();
}

void Reader::run() {
  std::unique_lock lock(mutex_);
  while (true) {
    wake_.wait(lock, [this] {
      return closing_ || (!requests_.empty() && requests_.front().after <= committed_);
    });
    if (closing_ || failure_.happened()) return;
    ReadRequest request = std::move(requests_.front());
    requests_.pop_front();
    lock.unlock();
    try {
      callbacks_.post([done = std::move(request.done), messages = read(request)]() mutable {
        done(std::move(messages));
      });
    } catch (const std::exception& error) {
      failure_.report(error.what());
      return;
    }
    lock.lock();
  }
}

std::vector<broker::StoredMessage> Reader::read(const ReadRequest& request) {
  std::vector<broker::StoredMessage> messages;
  // One snapshot for both statements: a slot may have another queue a moment later.
  connection_.execute("BEGIN");
  struct End {
    ~End() { sqlite3_exec(handle, "COMMIT", nullptr, nullptr, nullptr); }
    sqlite3* handle;
  } const end{connection_.handle()};

  select_slot_.bind(1, std::int64_t{request.queue.value});
  std::uint32_t slot = 0;
  {
    Rows rows(select_slot_);
    if (!rows.next()) return messages;
    slot = static_cast<std::uint32_t>(select_slot_.integer(0));
  }
  select_messages_.bind(1, entry_key(slot, std::min(request.first, seq_max)));
  select_messages_.bind(2, entry_key(slot, std::min(request.last, seq_max)));
  select_messages_.bind(3, saturated(request.count_max));
  Rows rows(select_messages_);
  std::size_t bytes = 0;
  while (rows.next()) {
    bytes += sizeof(broker::Message) + select_messages_.bytes(properties).size() +
             static_cast<std::size_t>(select_messages_.integer(body_bytes));
    if (!messages.empty() && bytes > request.bytes_max) break;
    messages.push_back(take_row(request.queue));
  }
  return messages;
}

broker::StoredMessage Reader::take_row(QueueId queue) {
  const Statement& row = select_messages_;
  const std::int64_t entry = row.integer(key);
  if (row.is_null(id)) fail_damaged(queue, entry, "its message is missing");
  broker::StoredMessage stored;
  stored.seq = seq_of_key(entry);
  stored.delivery_count = static_cast<std::uint32_t>(row.integer(delivery_count));
  stored.content = static_cast<broker::ContentId>(row.integer(content));
  const std::string_view bytes = row.bytes(body);
  if (static_cast<std::int64_t>(bytes.size()) != row.integer(body_bytes))
    fail_damaged(queue, entry, "its body has the wrong length");
  try {
    stored.message = broker::Message::make(row.bytes(exchange), row.bytes(routing_key),
                                           row.bytes(properties), bytes, row.integer(published_at));
  } catch (const amqp::Error& error) {
    fail_damaged(queue, entry, error.what());
  }
  const bool is_shared = !row.is_null(content);
  const auto checksum = message_checksum(row.integer(id), is_shared ? 0 : entry,
                                         is_shared ? row.integer(content) : 0, *stored.message);
  if (std::int64_t{checksum} != row.integer(crc))
    fail_damaged(queue, entry, "its checksum is wrong");
  return stored;
}

void Reader::fail_damaged(QueueId queue, std::int64_t entry, const std::string& what) {
  const std::string key_text = std::to_string(entry);
  throw StoreError(
      connection_.file() + ": message " + std::to_string(seq_of_key(entry)) + " of queue number " +
          std::to_string(queue.value) + " is damaged: " + what +
          ". It was not delivered, and nothing was changed. Stop the broker and copy the data "
          "directory; then restore the file from a backup, or give this message up: sqlite3 " +
          connection_.file() + " \"UPDATE queue_counters SET message_count = message_count - 1, " +
          "body_bytes = body_bytes - (SELECT body_bytes FROM entry WHERE key = " + key_text +
          ") WHERE id = " + std::to_string(queue.value) +
          "; DELETE FROM entry WHERE key = " + key_text + "\"",
      SQLITE_CORRUPT);
}

}  // namespace leveret::store
