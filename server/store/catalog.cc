#include "store/catalog.h"

#include <sstream>

#include "store/schema.h"
#include "store/sqlite.h"

namespace leveret::store {
namespace {

std::string join(const std::vector<std::string>& tags) {
  std::string text;
  for (const std::string& tag : tags) text += (text.empty() ? "" : ",") + tag;
  return text;
}

std::vector<std::string> split(std::string_view text) {
  std::vector<std::string> tags;
  std::istringstream stream{std::string(text)};
  for (std::string tag; std::getline(stream, tag, ',');) tags.push_back(tag);
  return tags;
}

}  // namespace

struct Catalog::Database {
  Database(const std::string& file, const std::string& vfs) : connection(file, {.vfs = vfs}) {
    const int version = check_version(connection, catalog_schema());
    // EXTRA also makes the removal of the rollback journal durable.
    connection.execute("PRAGMA synchronous = EXTRA");
    migrate(connection, catalog_schema(), version);
  }
  Connection connection;
};

Catalog::Catalog(const std::string& file, const std::string& vfs)
    : database_(std::make_unique<Database>(file, vfs)) {}

Catalog::~Catalog() = default;

std::vector<VhostRow> Catalog::vhosts() {
  std::vector<VhostRow> rows;
  Statement select(database_->connection, "SELECT id, name FROM vhost ORDER BY id");
  while (select.step()) rows.push_back({select.integer(0), std::string(select.bytes(1))});
  return rows;
}

std::int64_t Catalog::put_vhost(const std::string& name) {
  Transaction transaction(database_->connection);
  Statement insert(database_->connection,
                   "INSERT INTO vhost (name) VALUES (?) ON CONFLICT DO NOTHING");
  insert.bind_text(1, name);
  insert.run();
  Statement select(database_->connection, "SELECT id FROM vhost WHERE name = ?");
  select.bind_text(1, name);
  select.step();
  const std::int64_t id = select.integer(0);
  select.reset();
  transaction.commit();
  return id;
}

void Catalog::drop_vhost(const std::string& name) {
  Statement drop(database_->connection, "DELETE FROM vhost WHERE name = ?");
  drop.bind_text(1, name);
  drop.run();
}

std::vector<UserRow> Catalog::users() {
  std::vector<UserRow> rows;
  Statement select(database_->connection,
                   "SELECT name, password_hash, tags FROM user ORDER BY name");
  while (select.step())
    rows.push_back(
        {std::string(select.bytes(0)), std::string(select.bytes(1)), split(select.bytes(2))});
  return rows;
}

void Catalog::put_user(const UserRow& user) {
  const std::string tags = join(user.tags);
  Statement put(database_->connection, "INSERT OR REPLACE INTO user VALUES (?, ?, ?)");
  put.bind_text(1, user.name);
  put.bind_text(2, user.password_hash);
  put.bind_text(3, tags);
  put.run();
}

void Catalog::drop_user(const std::string& name) {
  Statement drop(database_->connection, "DELETE FROM user WHERE name = ?");
  drop.bind_text(1, name);
  drop.run();
}

}  // namespace leveret::store
