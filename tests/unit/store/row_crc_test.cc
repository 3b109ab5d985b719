#include "store/row_crc.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <set>

#include "harness.h"
#include "store/catalog.h"
#include "store/schema.h"

namespace leveret::store::test {
namespace {

/// Another value of the same type, which nothing but a checksum could find fault with.
std::string changed(const std::string& column) {
  if (column == "crc") return "CASE crc % 2 WHEN 0 THEN crc + 1 ELSE NULL END";
  return "CASE typeof(" + column + ") WHEN 'integer' THEN " + column + " + 100 WHEN 'text' THEN " +
         column + " || 'x' WHEN 'blob' THEN CAST(" + column + " || 'x' AS BLOB) ELSE 1 END";
}

void execute(const std::string& file, const std::string& sql) {
  Connection connection(file, {});
  connection.execute(sql);
  connection.execute("PRAGMA wal_checkpoint(TRUNCATE)");
}

/// What is between the last two of these marks.
std::string quoted_at_end(const std::string& text) {
  const std::size_t end = text.rfind('"');
  const std::size_t begin = text.rfind('"', end - 1) + 1;
  return text.substr(begin, end - begin);
}

/// Changes each column of each row of `schema`'s tables in a copy of `file`, one at a time: `open`
/// must refuse the copy with the table's name, and take it when the statement has been run that it
/// names. `rows` of the tables are there.
void expect_changes_found(const std::string& file, const Schema& schema, std::size_t rows,
                          const std::function<void(const std::string& file)>& open) {
  std::size_t row_count = 0;
  for (const std::string_view table : schema.checked_tables) {
    const std::string name(table);
    const auto crcs = query(file, "SELECT crc FROM " + name);
    EXPECT_FALSE(crcs.empty()) << "nothing in " << name;
    row_count += crcs.size();
    for (const std::string& column :
         query(file, "SELECT name FROM pragma_table_info('" + name + "')"))
      for (const std::string& crc : crcs) {
        SCOPED_TRACE(name + "." + column + " of the row with " + crc);
        const TempDir dir;
        const std::string copy = dir.file(std::filesystem::path(file).filename());
        std::filesystem::copy(std::filesystem::path(file).parent_path(), dir.path());
        execute(copy, "UPDATE " + name + " SET " + column + " = " + changed(column) +
                          " WHERE crc = " + crc);
        std::string text;
        try {
          open(copy);
          ADD_FAILURE() << "it opened";
        } catch (const StoreError& error) {
          text = error.what();
        }
        ASSERT_NE(text.find("a row of its table " + name + " "), std::string::npos) << text;
        execute(copy, quoted_at_end(text));
        Connection connection(copy, {});
        EXPECT_NO_THROW(check_rows(connection, schema.checked_tables));
      }
  }
  EXPECT_EQ(row_count, rows);
}

TEST(RowCrc, TellsKindsAndBordersApart) {
  const TempDir dir;
  Connection connection(dir.file("x.db"), {});
  std::set<std::int64_t> seen;
  const std::vector<std::string> rows{
      "",  "NULL", "0",    "''",   "x''", "'ab', ''", "'a', 'b'", "'', 'ab'", "'ab'",    "x'6162'",
      "1", "'1'",  "1, 0", "0, 1", "256", "-1",       "1, NULL",  "NULL, 1",  "'a', 98", "98, 'a'"};
  for (const std::string& row : rows)
    seen.insert(connection.query_integer("SELECT row_crc(" + row + ")"));
  EXPECT_EQ(seen.size(), rows.size());
}

/// By another program: what a file of today has must be right tomorrow.
TEST(RowCrc, IsTheSameForEver) {
  const TempDir dir;
  Connection connection(dir.file("x.db"), {});
  EXPECT_EQ(connection.query_integer("SELECT row_crc(1, 'jobs', NULL, x'00ff')"), 825559356);
}

TEST(RowCrc, FindsEveryChangeOfAStore) {
  const TempDir dir;
  const std::string file = dir.file("vhost-1.db");
  TestStore store({.file = file});
  store->put_exchange({"x", "topic", false, true, {{"a", "b"}}});
  store->put_queue({QueueId{1}, "jobs", false, {{"x-max-length", std::int64_t{10}}}, {}, 0});
  store->put_queue({QueueId{7}, "", false, {}, QueueId{1}, 5});
  store->put_binding({"x", "jobs", false, "a.*", {}});
  store->put_policy({broker::PolicyKind::policy, "p", "^jobs$", "queues", 1, {{"max-length", 5}}});
  ASSERT_TRUE(store.commit());
  store->append(QueueId{1}, 1, message(std::string(100'000, 'x')), 0);
  ASSERT_TRUE(store.commit());
  store.close();
  execute(file, "INSERT INTO condemned VALUES (77, row_crc(77));");
  const std::size_t meta_rows = query(file, "SELECT name FROM meta").size();
  EXPECT_GE(meta_rows, 2U);
  expect_changes_found(file, store_schema(), meta_rows + 7,
                       [](const std::string& copy) { Store({.file = copy}, {}); });
}

TEST(RowCrc, FindsEveryChangeOfACatalog) {
  const TempDir dir;
  const std::string file = dir.file("leveret.db");
  {
    Catalog catalog(file);
    catalog.put_vhost({.name = "/"});
    catalog.put_vhost({.name = "/", .description = "changed", .tags = {"a"}});
    catalog.put_vhost_limit("/", "max-queues", 7);
    catalog.put_user({"guest", "hash", {"administrator"}, {}});
    catalog.put_user({"guest", "another", {}, {}});
    catalog.put_user_limit("guest", "max-channels", 3);
    catalog.put_permission({"guest", "/", "^a", "^b", "^c"});
    catalog.put_topic_permission({"guest", "/", "x", "^b", "^c"});
    catalog.put_parameters({{"/", "shovel", "s", "{}"}, {"", "", "cluster_name", "\"x\""}});
    auth::Token token;
    token.user = "guest";
    for (const char* id : {"for ever", "for an hour"}) {
      token.id = id;
      catalog.put_token(token);
      token.expires_at = auth::Token::Time{std::chrono::hours{1}};
    }
  }
  expect_changes_found(file, catalog_schema(), 10,
                       [](const std::string& copy) { Catalog catalog(copy); });
}

}  // namespace
}  // namespace leveret::store::test
