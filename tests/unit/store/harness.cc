#include "harness.h"

#include <gtest/gtest.h>
#include <sqlite3.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <iterator>

#include "amqp/properties.h"

namespace leveret::store::test {

// Only a test that hangs ever waits this long.
constexpr std::chrono::seconds deadline{120};

TempDir::TempDir() {
  // In memory where there is such a directory: what a sync is worth is FaultDisk's business, not
  // the disk's.
  const std::filesystem::path memory = "/dev/shm";
  const bool has_memory = ::access(memory.c_str(), W_OK) == 0;
  const auto parent = has_memory ? memory : std::filesystem::temp_directory_path();
  std::string pattern = (parent / "leveret-store-XXXXXX").string();
  path_ = ::mkdtemp(pattern.data());
}

TempDir::~TempDir() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

StoreCallbacks TestLoop::callbacks() {
  return {.committed =
              [this](broker::CommitNumber number) {
                const std::lock_guard lock(mutex_);
                EXPECT_GT(number, committed_);
                EXPECT_TRUE(fatal_.empty()) << "a commit was reported after a failure";
                committed_ = number;
                changed_.notify_all();
              },
          .post =
              [this](std::function<void()> function) {
                const std::lock_guard lock(mutex_);
                posted_.push_back(std::move(function));
                changed_.notify_all();
              },
          .disk_full =
              [this](bool full) {
                const std::lock_guard lock(mutex_);
                EXPECT_NE(full, disk_is_full_);
                disk_is_full_ = full;
                changed_.notify_all();
              },
          .fatal =
              [this](const std::string& text) {
                const std::lock_guard lock(mutex_);
                EXPECT_TRUE(fatal_.empty());
                fatal_ = text;
                changed_.notify_all();
              }};
}

bool TestLoop::run_until(const std::function<bool()>& done) {
  std::unique_lock lock(mutex_);
  const auto end = std::chrono::steady_clock::now() + deadline;
  while (true) {
    while (!posted_.empty()) {
      const auto function = std::move(posted_.front());
      posted_.pop_front();
      lock.unlock();
      function();
      lock.lock();
    }
    if (done()) return true;
    if (!fatal_.empty()) return false;
    // What `done` looks at may also change without a call of ours.
    changed_.wait_for(lock, std::chrono::milliseconds(10));
    if (std::chrono::steady_clock::now() > end) {
      ADD_FAILURE() << "nothing happened for two minutes";
      return false;
    }
  }
}

void TestLoop::forget() {
  committed_ = 0;
  disk_is_full_ = false;
  fatal_.clear();
  posted_.clear();
}

broker::CommitNumber TestLoop::last_committed() const {
  const std::lock_guard lock(mutex_);
  return committed_;
}

std::string TestLoop::fatal_text() const {
  const std::lock_guard lock(mutex_);
  return fatal_;
}

bool TestLoop::disk_is_full() const {
  const std::lock_guard lock(mutex_);
  return disk_is_full_;
}

TestStore::TestStore(StoreOptions options) : options_(std::move(options)) {
  open();
}

TestStore::~TestStore() = default;

void TestStore::open() {
  store_ = std::make_unique<Store>(options_, loop_.callbacks());
  recovered_ = store_->recover();
}

bool TestStore::commit() {
  const broker::CommitNumber number = store_->current_commit();
  store_->flush(broker::Urgency::now);
  return wait_committed(number);
}

bool TestStore::wait_committed(broker::CommitNumber number) {
  return run_until([&] { return last_committed() >= number; });
}

void TestStore::wait_fatal() {
  run_until([&] { return !fatal_text().empty(); });
}

void TestStore::wait_disk_full(bool full) {
  run_until([&] { return disk_is_full() == full; });
}

std::vector<broker::StoredMessage> TestStore::read(QueueId queue, broker::Seq first,
                                                   broker::Seq last, std::size_t count_max,
                                                   std::size_t bytes_max) {
  std::vector<broker::StoredMessage> result;
  bool is_done = false;
  store_->flush(broker::Urgency::now);
  store_->read(queue, first, last, count_max, bytes_max, store_->current_commit() - 1,
               [&](std::vector<broker::StoredMessage> messages) {
                 result = std::move(messages);
                 is_done = true;
               });
  run_until([&] { return is_done; });
  return result;
}

void TestStore::close() {
  store_.reset();
}

void TestStore::reopen() {
  close();
  loop_.forget();
  open();
}

broker::MessagePtr message(const std::string& body, const std::string& routing_key) {
  amqp::Properties properties;
  properties.delivery_mode = 2;
  properties.message_id = "id of " + body.substr(0, 20);
  return broker::Message::make("exchange", routing_key, amqp::write_properties(properties), body,
                               1'700'000'000'000);
}

std::vector<std::string> query(const std::string& file, const std::string& sql) {
  std::vector<std::string> rows;
  sqlite3* handle = nullptr;
  EXPECT_EQ(sqlite3_open(file.c_str(), &handle), SQLITE_OK);
  const auto add_row = [](void* out, int count, char** values, char**) {
    std::string row;
    for (int i = 0; i < count; ++i)
      row += (i == 0 ? "" : "|") + std::string(values[i] ? values[i] : "");
    static_cast<std::vector<std::string>*>(out)->push_back(row);
    return 0;
  };
  char* error = nullptr;
  if (sqlite3_exec(handle, sql.c_str(), add_row, &rows, &error) != SQLITE_OK)
    rows.push_back(std::string("error: ") + (error ? error : ""));
  sqlite3_free(error);
  sqlite3_close(handle);
  return rows;
}

std::vector<std::string> inconsistencies(const std::string& file) {
  std::vector<std::string> found;
  const auto check = [&](const std::string& what, const std::string& sql) {
    for (const std::string& row : query(file, sql))
      if (row != "ok") found.push_back(what + ": " + row);
  };
  check("integrity", "PRAGMA integrity_check");
  check("message without entry",
        "SELECT id FROM message WHERE id NOT IN (SELECT message FROM entry)");
  check("entry without message",
        "SELECT key FROM entry WHERE message NOT IN (SELECT id FROM message)");
  check("entry without queue",
        "SELECT key FROM entry WHERE key >> 43 NOT IN "
        "(SELECT slot FROM queue UNION SELECT slot FROM condemned)");
  check("wrong refs",
        "SELECT id, refs, count(key) FROM content LEFT JOIN entry ON entry.content = content.id "
        "GROUP BY id HAVING refs != count(key)");
  check("entry without content",
        "SELECT key FROM entry WHERE content NOT NULL AND content NOT IN (SELECT id FROM content)");
  check("wrong counters",
        "SELECT q.id, message_count, count(key), c.body_bytes, sum(e.body_bytes) FROM queue q "
        "JOIN queue_counters c USING (id) LEFT JOIN entry e ON e.key >> 43 = q.slot "
        "AND e.key & ((1 << 43) - 1) <= c.last_seq GROUP BY q.id "
        "HAVING message_count != count(key) OR c.body_bytes != coalesce(sum(e.body_bytes), 0)");
  check("wrong count of large bodies",
        "SELECT number, wanted, (SELECT count(*) FROM message WHERE typeof(body) = 'text' AND "
        "body LIKE number || ' %') AS there FROM body_file WHERE wanted != there");
  check("large body without file",
        "SELECT id, body FROM message WHERE typeof(body) = 'text' AND "
        "CAST(body AS INTEGER) NOT IN (SELECT number FROM body_file)");
  check("counters without queue",
        "SELECT id FROM queue_counters WHERE id NOT IN (SELECT id FROM queue)");
  return found;
}

std::string read_file(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  std::string bytes(std::filesystem::exists(path) ? std::filesystem::file_size(path) : 0, '\0');
  stream.read(bytes.data(), std::ssize(bytes));
  bytes.resize(static_cast<std::size_t>(stream.gcount()));
  return bytes;
}

void write_file(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

}  // namespace leveret::store::test
