#include "store/schema.h"

#include <gtest/gtest.h>

#include <array>

#include "harness.h"
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
  EXPECT_EQ(query(file, "PRAGMA user_version"), (std::vector<std::string>{"4"}));
  EXPECT_EQ(inconsistencies(file), std::vector<std::string>{});
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
