#include "store/reader.h"

#include <algorithm>
#include <exception>
#include <limits>
#include <string>
#include <utility>

#include "amqp/reply_code.h"
#include "base/log.h"
#include "base/this_thread.h"
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

/// Room for a large body is kept up to here.
constexpr std::size_t body_bytes_kept = std::size_t{1} << 20U;

/// What one request for expired messages may take, beyond the first.
constexpr std::size_t expired_bytes_max = std::size_t{4} << 20U;

// The columns that take_row() reads.
constexpr std::string_view select_rows =
    "SELECT e.key, e.delivery_count, e.content, e.body_bytes, m.id, m.crc, "
    "m.published_at, m.exchange, m.routing_key, m.properties, m.body "
    "FROM entry e LEFT JOIN message m ON m.id = e.message ";

/// Several statements see the same: a slot may have another queue a moment later.
class Snapshot {
 public:
  explicit Snapshot(Connection& connection) : connection_(connection) {
    connection.execute("BEGIN");
  }
  ~Snapshot() { sqlite3_exec(connection_.handle(), "COMMIT", nullptr, nullptr, nullptr); }
  Snapshot(const Snapshot&) = delete;
  Snapshot& operator=(const Snapshot&) = delete;

 private:
  Connection& connection_;
};

}  // namespace

Reader::Reader(Connection& connection, Failure& failure, const StoreCallbacks& callbacks,
               BodyFiles body_files)
    : connection_(connection),
      failure_(failure),
      callbacks_(callbacks),
      select_slot_(connection, "SELECT slot FROM queue WHERE id = ?"),
      select_messages_(connection, std::string{select_rows} +
                                       "WHERE e.key BETWEEN ?1 AND ?2 ORDER BY e.key LIMIT ?3"),
      select_last_(connection, "SELECT max(key) FROM entry WHERE key BETWEEN ? AND ?"),
      select_expired_(connection, std::string{select_rows} +
                                      "WHERE e.key >> 43 = ?1 >> 43 AND e.expires_at <= ?4 "
                                      "AND e.key BETWEEN ?1 AND ?2 ORDER BY e.expires_at LIMIT ?3"),
      select_next_expiry_(connection,
                          "SELECT e.expires_at FROM entry e WHERE e.key >> 43 = ?1 >> 43 "
                          "AND e.expires_at > ?4 AND e.key BETWEEN ?1 AND ?2 "
                          "ORDER BY e.expires_at LIMIT 1"),
      body_files_(std::move(body_files)) {}

Reader::~Reader() {
  close();
}

void Reader::start() {
  thread_ = std::thread([this] { run(); });
}

void Reader::request(AnyReadRequest request) {
  const std::lock_guard lock(mutex_);
  // What is free waits for nothing: whatever is read from here on does not find it.
  if (std::holds_alternative<FreeRequest>(request))
    requests_.push_front(std::move(request));
  else
    requests_.push_back(std::move(request));
  if (is_ready(requests_.back()) || is_ready(requests_.front())) wake_.notify_one();
}

bool Reader::is_ready(const AnyReadRequest& request) const {
  return std::visit([](const auto& each) { return each.range.after; }, request) <= applied_;
}

void Reader::applied(broker::CommitNumber number) {
  const std::lock_guard lock(mutex_);
  applied_ = number;
  if (!requests_.empty()) wake_.notify_one();
}

std::vector<std::int64_t> Reader::take_removed_body_files() {
  const std::lock_guard lock(mutex_);
  return std::exchange(removed_body_files_, {});
}

void Reader::close() {
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
    wake_.notify_one();
  }
  if (thread_.joinable()) thread_.join();
}

Reader::Requests::iterator Reader::next_ready() {
  return std::ranges::find_if(requests_,
                              [this](const AnyReadRequest& request) { return is_ready(request); });
}

void Reader::run() {
  this_thread::set_name("store-reader");
  std::unique_lock lock(mutex_);
  while (true) {
    Requests::iterator next;
    wake_.wait(lock, [&] {
      next = next_ready();
      return closing_ || next != requests_.end();
    });
    if (closing_ || !serve(lock, next)) return;
  }
}

bool Reader::step() {
  std::unique_lock lock(mutex_);
  const auto next = next_ready();
  return next != requests_.end() && serve(lock, next);
}

bool Reader::serve(std::unique_lock<std::mutex>& lock, Requests::iterator next) {
  if (failure_.happened()) return false;
  AnyReadRequest request = std::move(*next);
  requests_.erase(next);
  lock.unlock();
  try {
    if (auto answer = std::visit([this](auto& each) { return serve(each); }, request))
      callbacks_.post(std::move(answer));
  } catch (const std::exception& error) {
    failure_.report(error.what());
    return false;
  }
  lock.lock();
  return true;
}

std::function<void()> Reader::serve(ReadRequest& request) {
  std::vector<broker::StoredMessage> messages;
  const Snapshot snapshot(connection_);
  if (const auto range = keys(request.range)) {
    select_messages_.bind(1, range->first);
    select_messages_.bind(2, range->second);
    select_messages_.bind(3, saturated(request.range.count_max));
    const bool is_all = read(select_messages_, request.range.queue, request.bytes_max, messages) &&
                        messages.size() < request.range.count_max;
    if (is_all) check_end(*range, request.range.queue, messages);
  }
  return [done = std::move(request.done), messages = std::move(messages)]() mutable {
    done(std::move(messages));
  };
}

std::function<void()> Reader::serve(ExpiredRequest& request) {
  broker::ExpiredMessages expired;
  const Snapshot snapshot(connection_);
  if (const auto range = keys(request.range)) {
    for (Statement* statement : {&select_expired_, &select_next_expiry_}) {
      statement->bind(1, range->first);
      statement->bind(2, range->second);
      statement->bind(4, request.now);
    }
    select_expired_.bind(3, saturated(request.range.count_max));
    const bool is_all =
        read(select_expired_, request.range.queue, expired_bytes_max, expired.messages) &&
        expired.messages.size() < request.range.count_max;
    Rows rows(select_next_expiry_);
    if (!is_all)
      expired.next = request.now;
    else if (rows.next())
      expired.next = select_next_expiry_.integer(0);
  }
  return [done = std::move(request.done), expired = std::move(expired)]() mutable {
    done(std::move(expired));
  };
}

/// What cannot be removed stays until the next start, and costs nothing but its room.
std::function<void()> Reader::serve(FreeRequest& request) {
  for (const std::int64_t file : request.freed.ended) body_files_.leave_page_cache(file);
  for (const BodyPlace& hole : request.freed.holes) body_files_.punch(hole);
  for (const std::int64_t file : request.freed.files) {
    if (body_file_ && body_file_->number() == file) body_file_ = nullptr;
    try {
      body_files_.remove(file);
    } catch (const StoreError& error) {
      log::warn(error.what());
      continue;
    }
    const std::lock_guard lock(mutex_);
    removed_body_files_.push_back(file);
  }
  return {};
}

std::optional<std::pair<std::int64_t, std::int64_t>> Reader::keys(const ReadRange& range) {
  select_slot_.bind(1, std::int64_t{range.queue.value});
  Rows rows(select_slot_);
  if (!rows.next()) return std::nullopt;
  const auto slot = static_cast<std::uint32_t>(select_slot_.integer(0));
  return std::pair{entry_key(slot, std::min(range.first, seq_max)),
                   entry_key(slot, std::min(range.last, seq_max))};
}

bool Reader::read(Statement& select, QueueId queue, std::size_t bytes_max,
                  std::vector<broker::StoredMessage>& messages) {
  Rows rows(select);
  std::size_t bytes = 0;
  while (rows.next()) {
    bytes += sizeof(broker::Message) + select.bytes(properties).size() +
             static_cast<std::size_t>(select.integer(body_bytes));
    if (!messages.empty() && bytes > bytes_max) return false;
    messages.push_back(take_row(select, queue));
    if (body_.capacity() > body_bytes_kept) body_ = {};
  }
  return true;
}

/// A damaged key in the middle ends a search from the front, but not one from the end.
void Reader::check_end(const std::pair<std::int64_t, std::int64_t>& range, QueueId queue,
                       const std::vector<broker::StoredMessage>& messages) {
  select_last_.bind(1, range.first);
  select_last_.bind(2, range.second);
  Rows rows(select_last_);
  if (!rows.next() || select_last_.is_null(0)) return;
  const std::int64_t last = select_last_.integer(0);
  if (messages.empty() || messages.back().seq != seq_of_key(last))
    fail_damaged(queue, last, "entries are out of order before it");
}

broker::StoredMessage Reader::take_row(const Statement& row, QueueId queue) {
  const std::int64_t entry = row.integer(key);
  if (row.is_null(id)) fail_damaged(queue, entry, "its message is missing");
  broker::StoredMessage stored;
  stored.seq = seq_of_key(entry);
  stored.delivery_count = static_cast<std::uint32_t>(row.integer(delivery_count));
  stored.content = static_cast<broker::ContentId>(row.integer(content));
  std::string_view bytes;
  try {
    bytes = body_of(row);
  } catch (const StoreError& error) {
    fail_damaged(queue, entry, error.what());
  }
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

std::string_view Reader::body_of(const Statement& row) {
  const std::string_view bytes = row.bytes(body);
  if (!row.is_text(body)) return bytes;
  const std::optional<BodyPlace> place = read_body_place(bytes);
  if (!place || place->bytes != row.integer(body_bytes))
    throw StoreError("what tells the place of its body is wrong");
  if (!body_file_ || body_file_->number() != place->file) {
    body_file_ = nullptr;
    body_file_ = std::make_unique<BodyFile>(body_files_, place->file, BodyFile::Use::read);
  }
  body_.resize(static_cast<std::size_t>(place->bytes));
  body_file_->read(place->offset, body_);
  return {body_.data(), body_.size()};
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
