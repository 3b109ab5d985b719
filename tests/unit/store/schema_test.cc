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
