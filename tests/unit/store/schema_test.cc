#include "store/schema.h"

#include <gtest/gtest.h>

#include <array>
#include <filesystem>
#include <set>

#include "fault_vfs.h"
#include "harness.h"
#include "store/checksum.h"
#include "store/message_table.h"
#include "store/queue_state.h"
#include "store/store.h"

namespace leveret::store::test {
namespace {

constexpr std::array<std::string_view, 2> steps{
    "ALTER TABLE job ADD COLUMN priority INTEGER NOT NULL DEFAULT 0",
    "CREATE TABLE worker (name TEXT); UPDATE job SET priority = 9"};
constexpr Schema version_1{
    77, "test file", 1, "CREATE TABLE job (name TEXT); INSERT INTO job VALUES ('a')", {}};
constexpr Schema version_3{77, "test file", 3, "unused", steps};

void bring_to(const std::string& file, const Schema& schema) {
  Connection connection(file, {});
  migrate(connection, schema, check_version(connection, schema));
}

/// Opening must throw, with `part` in its text, and leave the file's bytes as they were.
void expect_refused(const std::string& file, const std::string& part) {
  const std::string before = read_file(file);
  try {
    Store store({.file = file}, {});
    FAIL() << "opened";
  } catch (const StoreError& error) {
    const std::string text = error.what();
    EXPECT_NE(text.find(file), std::string::npos) << text;
    EXPECT_NE(text.find(part), std::string::npos) << text;
  }
  EXPECT_EQ(read_file(file), before);
}

TEST(Schema, AnOldFileIsBroughtForward) {
  const TempDir dir;
  bring_to(dir.file("x.db"), version_1);
  bring_to(dir.file("x.db"), version_3);
  EXPECT_EQ(query(dir.file("x.db"), "SELECT name, priority FROM job"),
            (std::vector<std::string>{"a|9"}));
  EXPECT_EQ(query(dir.file("x.db"), "PRAGMA user_version"), (std::vector<std::string>{"3"}));
}

TEST(Schema, AMigrationThatFailsChangesNothing) {
  const TempDir dir;
  bring_to(dir.file("x.db"), version_1);
  static constexpr std::array<std::string_view, 2> broken{steps[0], "UPDATE nothing SET x = 1"};
  EXPECT_THROW(bring_to(dir.file("x.db"), {77, "test file", 3, "", broken}), StoreError);
  EXPECT_EQ(query(dir.file("x.db"), "PRAGMA user_version"), (std::vector<std::string>{"1"}));
  EXPECT_EQ(query(dir.file("x.db"), "SELECT * FROM job"), (std::vector<std::string>{"a"}));
}

/// Version 1 of a store, with queue 1, "jobs".
constexpr const char* store_1 = R"(
CREATE TABLE meta (
  name  TEXT PRIMARY KEY,
  value INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE exchange (
  name        TEXT PRIMARY KEY,
  type        TEXT NOT NULL,
  auto_delete INTEGER NOT NULL,
  internal    INTEGER NOT NULL,
  arguments   BLOB NOT NULL
) WITHOUT ROWID;
CREATE TABLE queue (
  id          INTEGER PRIMARY KEY,
  slot        INTEGER NOT NULL UNIQUE,
  name        TEXT NOT NULL UNIQUE,
  auto_delete INTEGER NOT NULL,
  arguments   BLOB NOT NULL
);
CREATE TABLE queue_counters (
  id             INTEGER PRIMARY KEY,
  message_count  INTEGER NOT NULL,
  body_bytes     INTEGER NOT NULL,
  last_seq       INTEGER NOT NULL,
  delivered_mark INTEGER NOT NULL
);
CREATE TABLE binding (
  source      TEXT NOT NULL,
  destination TEXT NOT NULL,
  to_exchange INTEGER NOT NULL,
  routing_key TEXT NOT NULL,
  arguments   BLOB NOT NULL,
  PRIMARY KEY (source, destination, to_exchange, routing_key, arguments)
) WITHOUT ROWID;
CREATE INDEX binding_destination ON binding (destination, to_exchange);
CREATE TABLE message (
  id           INTEGER PRIMARY KEY,
  crc          INTEGER NOT NULL,
  published_at INTEGER NOT NULL,
  exchange     TEXT NOT NULL,
  routing_key  TEXT NOT NULL,
  properties   BLOB NOT NULL,
  body         BLOB NOT NULL
);
CREATE TABLE entry (
  key            INTEGER PRIMARY KEY,
  message        INTEGER NOT NULL,
  body_bytes     INTEGER NOT NULL,
  content        INTEGER,
  delivery_count INTEGER
);
CREATE TABLE content (
  id      INTEGER PRIMARY KEY,
  message INTEGER NOT NULL,
  refs    INTEGER NOT NULL
);
CREATE TABLE condemned (
  slot INTEGER PRIMARY KEY
);
INSERT INTO meta VALUES ('last_queue_id', 1);
INSERT INTO queue VALUES (1, 1, 'jobs', 0, x'00000000');
INSERT INTO queue_counters VALUES (1, 0, 0, 0, 0);
PRAGMA application_id = 0x4c767253;
PRAGMA user_version = 1;
)";

/// Tables, columns and indexes.
std::vector<std::string> layout_of(const std::string& file) {
  std::vector<std::string> layout;
  for (const std::string& table :
       query(file, "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name"))
    for (const char* pragma : {"table_info", "index_list"})
      for (const std::string& row :
           query(file, "SELECT * FROM pragma_" + std::string{pragma} + "('" + table + "')"))
        layout.push_back(table + ": " + row);
  return layout;
}

TEST(Schema, AStoreOfVersion1IsBroughtForward) {
  const TempDir dir;
  TestStore({.file = dir.file("new.db")}).close();
  const std::string file = dir.file("old.db");
  ASSERT_EQ(query(file, store_1), std::vector<std::string>{});
  TestStore store({.file = file});
  ASSERT_EQ(store.recovered().queues.size(), 1U);
  EXPECT_EQ(store.recovered().queues[0].record.name, "jobs");
  EXPECT_FALSE(store.recovered().queues[0].record.level_of);
  store->append(QueueId{1}, 1, message("job"), 0);
  store->put_policy({broker::PolicyKind::policy, "p", "x", "all", 0, {{"max-age", "1D"}}});
  ASSERT_TRUE(store.commit());
  store.reopen();
  EXPECT_EQ(store.recovered().policies.size(), 1U);
  EXPECT_EQ(store.read(QueueId{1}).size(), 1U);
  store.close();
  EXPECT_EQ(layout_of(file), layout_of(dir.file("new.db")));
  EXPECT_EQ(query(file, "PRAGMA user_version"), (std::vector<std::string>{"6"}));
  EXPECT_EQ(inconsistencies(file), std::vector<std::string>{});
}

/// A store of version 1 whose queue has two messages, in either of SQLite's ways to keep a journal.
void make_store_1(const std::string& file, const std::string& journal_mode) {
  ASSERT_EQ(query(file, store_1), std::vector<std::string>{});
  Connection connection(file, {});
  connection.execute("PRAGMA journal_mode = " + journal_mode);
  Statement insert_message(connection, "INSERT INTO message VALUES (?, ?, ?, ?, ?, ?, ?)");
  Statement insert_entry(connection, "INSERT INTO entry VALUES (?, ?, ?, NULL, NULL)");
  for (const broker::Seq seq : {1U, 2U}) {
    const auto job = message("job " + std::to_string(seq));
    const auto id = static_cast<std::int64_t>(seq);
    const std::int64_t key = entry_key(1, seq);
    insert_message.bind(1, id);
    insert_message.bind(2, std::int64_t{message_checksum(id, key, 0, *job)});
    insert_message.bind(3, job->published_at());
    insert_message.bind_text(4, job->exchange());
    insert_message.bind_text(5, job->routing_key());
    insert_message.bind_blob(6, job->properties());
    insert_message.bind_blob(7, job->body());
    insert_message.run();
    insert_entry.bind(1, key);
    insert_entry.bind(2, id);
    insert_entry.bind(3, static_cast<std::int64_t>(job->body().size()));
    insert_entry.run();
  }
  connection.execute("UPDATE queue_counters SET message_count = 2, body_bytes = 10, last_seq = 2");
  connection.execute("PRAGMA wal_checkpoint(TRUNCATE)");
}

/// Opens a copy of an old store, with a power cut at the n-th operation. Returns whether it came,
/// and adds the version that it left.
bool migrate_with_power_cut(const std::string& old, std::uint64_t operation, std::uint64_t seed,
                            std::set<std::string>& versions) {
  const TempDir dir;
  const std::string file = dir.file("vhost-1.db");
  std::filesystem::copy_file(old, file);
  FaultDisk disk;
  disk.cut_power_at(operation);
  try {
    const TestStore store({.file = file, .vfs = disk.vfs_name()});
  } catch (const StoreError&) {
    EXPECT_FALSE(disk.has_power());
  }
  const bool was_cut = !disk.has_power();
  disk.restart(seed);
  // In a copy: to look is to recover.
  std::filesystem::copy(dir.path(), dir.file("copy"));
  versions.insert(query(dir.file("copy/vhost-1.db"), "PRAGMA user_version").at(0));
  TestStore store({.file = file, .vfs = disk.vfs_name()});
  EXPECT_EQ(store.recovered().queues.at(0).record.name, "jobs");
  EXPECT_EQ(store.recovered().queues.at(0).message_count, 2U);
  const auto jobs = store.read(QueueId{1});
  EXPECT_EQ(jobs.size(), 2U) << store.fatal_text();
  for (const auto& job : jobs) EXPECT_EQ(job.message->body(), "job " + std::to_string(job.seq));
  store.close();
  disk.settle();
  EXPECT_EQ(query(file, "PRAGMA user_version"), (std::vector<std::string>{"6"}));
  EXPECT_EQ(inconsistencies(file), std::vector<std::string>{});
  return was_cut;
}

TEST(Schema, AMigrationThatIsCutAnywhereLeavesTheOldStoreOrTheNewOne) {
  for (const char* journal_mode : {"delete", "wal"}) {
    const TempDir dir;
    make_store_1(dir.file("old.db"), journal_mode);
    std::set<std::string> versions;
    std::uint64_t operation = 1;
    // Of what was not synced nothing survives, or all, or a part.
    for (bool was_cut = true; was_cut && !::testing::Test::HasFailure(); ++operation)
      for (std::uint64_t seed = 1; seed <= 6; ++seed) {
        SCOPED_TRACE(journal_mode + (" operation " + std::to_string(operation)) + " seed " +
                     std::to_string(seed));
        was_cut = migrate_with_power_cut(dir.file("old.db"), operation, seed, versions);
      }
    EXPECT_EQ(versions, (std::set<std::string>{"1", "6"}));
  }
}

TEST(Schema, ANewerStoreIsRefusedUntouched) {
  const TempDir dir;
  const std::string file = dir.file("vhost-1.db");
  TestStore({.file = file}).close();
  query(file, "PRAGMA user_version = 99");
  expect_refused(file, "layout version 99");
}

TEST(Schema, AnotherProgramsDatabaseIsRefusedUntouched) {
  const TempDir dir;
  const std::string file = dir.file("vhost-1.db");
  query(file, "CREATE TABLE precious (x)");
  expect_refused(file, "is not a Leveret store");
}

TEST(Schema, AFileThatIsNoDatabaseIsRefusedUntouched) {
  const TempDir dir;
  const std::string file = dir.file("vhost-1.db");
  write_file(file, std::string(100'000, 'x'));
  expect_refused(file, ".recover");
}

}  // namespace
}  // namespace leveret::store::test
