#include "store/catalog.h"

#include <chrono>
#include <exception>
#include <initializer_list>
#include <optional>
#include <sstream>
#include <string_view>

#include "store/row_crc.h"
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

std::string text_at(const Statement& statement, int column) {
  return std::string{statement.bytes(column)};
}

/// Runs `sql` with `texts` as its first parameters.
void run(Connection& connection, std::string_view sql,
         std::initializer_list<std::string_view> texts) {
  Statement statement(connection, sql);
  int parameter = 0;
  for (const std::string_view text : texts) statement.bind_text(++parameter, text);
  statement.run();
}

void run_with_value(Connection& connection, std::string_view sql, std::string_view owner,
                    std::string_view name, std::int64_t value) {
  Statement statement(connection, sql);
  statement.bind_text(1, owner);
  statement.bind_text(2, name);
  statement.bind(3, value);
  statement.run();
}

auth::Limits read_limits(Connection& connection, std::string_view sql, std::string_view owner) {
  auth::Limits limits;
  Statement select(connection, sql);
  select.bind_text(1, owner);
  while (select.step()) limits.emplace(text_at(select, 0), select.integer(1));
  return limits;
}

std::int64_t seconds_of(auth::Token::Time time) {
  return std::chrono::floor<std::chrono::seconds>(time.time_since_epoch()).count();
}

auth::Token::Time time_of(std::int64_t seconds) {
  return auth::Token::Time{std::chrono::seconds{seconds}};
}

}  // namespace

struct Catalog::Database {
  Database(const std::string& file, const std::string& vfs) : connection(file, {.vfs = vfs}) {
    const int version = check_version(connection, catalog_schema());
    // EXTRA also makes the removal of the rollback journal durable.
    connection.execute("PRAGMA synchronous = EXTRA");
    migrate(connection, catalog_schema(), version);
    check_rows(connection, catalog_schema().checked_tables);
    connection.execute("PRAGMA foreign_keys = ON");
  }
  std::int64_t last_vhost_id() {
    return connection.query_integer("SELECT max(seq) FROM sqlite_sequence WHERE name = 'vhost'");
  }
  Connection connection;
  /// A transaction that is open around changes of any kind, see group().
  std::unique_ptr<Transaction> group;
};

/// The transaction of one change, unless a group is open.
class Catalog::Change {
 public:
  explicit Change(Database& database) {
    if (!database.group) transaction_.emplace(database.connection);
  }
  void commit() {
    if (transaction_) transaction_->commit();
  }

 private:
  std::optional<Transaction> transaction_;
};

Catalog::Catalog(const std::string& file, const std::string& vfs)
    : database_(std::make_unique<Database>(file, vfs)) {}

Catalog::~Catalog() = default;

// Virtual hosts.

std::vector<VhostRow> Catalog::vhosts() {
  const std::lock_guard lock{mutex_};
  std::vector<VhostRow> rows;
  Statement select(database_->connection,
                   "SELECT id, name, description, tags, default_queue_type FROM vhost ORDER BY id");
  while (select.step())
    rows.push_back({select.integer(0),
                    {.name = text_at(select, 1),
                     .description = text_at(select, 2),
                     .tags = split(select.bytes(3)),
                     .default_queue_type = text_at(select, 4),
                     .limits = {}}});
  for (VhostRow& row : rows)
    row.info.limits =
        read_limits(database_->connection, "SELECT name, value FROM vhost_limit WHERE vhost = ?",
                    row.info.name);
  return rows;
}

std::int64_t Catalog::put_vhost(const broker::VhostInfo& info) {
  const std::lock_guard lock{mutex_};
  Statement select(database_->connection, "SELECT id FROM vhost WHERE name = ?");
  select.bind_text(1, info.name);
  const std::int64_t id = select.step() ? select.integer(0) : database_->last_vhost_id() + 1;
  select.reset();
  const std::string tags = join(info.tags);
  Statement put(database_->connection,
                "INSERT INTO vhost " + checked_values(5) +
                    " ON CONFLICT (name) DO UPDATE SET description = excluded.description,"
                    " tags = excluded.tags, default_queue_type = excluded.default_queue_type,"
                    " crc = excluded.crc");
  put.bind(1, id);
  put.bind_text(2, info.name);
  put.bind_text(3, info.description);
  put.bind_text(4, tags);
  put.bind_text(5, info.default_queue_type);
  put.run();
  return id;
}

void Catalog::drop_vhost(const std::string& name) {
  const std::lock_guard lock{mutex_};
  run(database_->connection, "DELETE FROM vhost WHERE name = ?", {name});
}

std::int64_t Catalog::last_vhost_id() {
  const std::lock_guard lock{mutex_};
  return database_->last_vhost_id();
}

void Catalog::put_vhost_limit(const std::string& vhost, const std::string& name,
                              std::int64_t value) {
  const std::lock_guard lock{mutex_};
  run_with_value(database_->connection, "INSERT OR REPLACE INTO vhost_limit " + checked_values(3),
                 vhost, name, value);
}

void Catalog::drop_vhost_limit(const std::string& vhost, const std::string& name) {
  const std::lock_guard lock{mutex_};
  run(database_->connection, "DELETE FROM vhost_limit WHERE vhost = ? AND name = ?", {vhost, name});
}

// Parameters.

std::vector<broker::Parameter> Catalog::parameters() {
  const std::lock_guard lock{mutex_};
  std::vector<broker::Parameter> rows;
  Statement global(database_->connection, "SELECT name, value FROM global_parameter");
  while (global.step()) rows.push_back({"", "", text_at(global, 0), text_at(global, 1)});
  Statement select(database_->connection, "SELECT vhost, component, name, value FROM parameter");
  while (select.step())
    rows.push_back(
        {text_at(select, 0), text_at(select, 1), text_at(select, 2), text_at(select, 3)});
  return rows;
}

void Catalog::put_parameters(const std::vector<broker::Parameter>& parameters) {
  const std::lock_guard lock{mutex_};
  Change transaction(*database_);
  for (const broker::Parameter& each : parameters)
    if (each.vhost.empty())
      run(database_->connection, "INSERT OR REPLACE INTO global_parameter " + checked_values(2),
          {each.name, each.value});
    else
      run(database_->connection, "INSERT OR REPLACE INTO parameter " + checked_values(4),
          {each.vhost, each.component, each.name, each.value});
  transaction.commit();
}

void Catalog::drop_parameter(const broker::Parameter& parameter) {
  const std::lock_guard lock{mutex_};
  if (parameter.vhost.empty())
    run(database_->connection, "DELETE FROM global_parameter WHERE name = ?", {parameter.name});
  else
    run(database_->connection,
        "DELETE FROM parameter WHERE vhost = ? AND component = ? AND name = ?",
        {parameter.vhost, parameter.component, parameter.name});
}

// Users.

std::vector<auth::User> Catalog::users() {
  const std::lock_guard lock{mutex_};
  std::vector<auth::User> rows;
  Statement select(database_->connection,
                   "SELECT name, password_hash, tags FROM user ORDER BY name");
  while (select.step())
    rows.push_back({text_at(select, 0), text_at(select, 1), split(select.bytes(2)), {}});
  for (auth::User& row : rows)
    row.limits = read_limits(database_->connection,
                             "SELECT name, value FROM user_limit WHERE user = ?", row.name);
  return rows;
}

/// Not by REPLACE, which would take the user's permissions with the old row.
void Catalog::put_user(const auth::User& user) {
  const std::lock_guard lock{mutex_};
  run(database_->connection,
      "INSERT INTO user " + checked_values(3) +
          " ON CONFLICT (name) DO UPDATE SET password_hash = excluded.password_hash,"
          " tags = excluded.tags, crc = excluded.crc",
      {user.name, user.password_hash, join(user.tags)});
}

void Catalog::drop_user(const std::string& name) {
  const std::lock_guard lock{mutex_};
  run(database_->connection, "DELETE FROM user WHERE name = ?", {name});
}

void Catalog::put_user_limit(const std::string& user, const std::string& name, std::int64_t value) {
  const std::lock_guard lock{mutex_};
  run_with_value(database_->connection, "INSERT OR REPLACE INTO user_limit " + checked_values(3),
                 user, name, value);
}

void Catalog::drop_user_limit(const std::string& user, const std::string& name) {
  const std::lock_guard lock{mutex_};
  run(database_->connection, "DELETE FROM user_limit WHERE user = ? AND name = ?", {user, name});
}

// Permissions.

std::vector<auth::Permission> Catalog::permissions() {
  const std::lock_guard lock{mutex_};
  std::vector<auth::Permission> rows;
  Statement select(database_->connection,
                   "SELECT user, vhost, configure, write, read FROM permission");
  while (select.step())
    rows.push_back({text_at(select, 0), text_at(select, 1), text_at(select, 2), text_at(select, 3),
                    text_at(select, 4)});
  return rows;
}

void Catalog::put_permission(const auth::Permission& permission) {
  const std::lock_guard lock{mutex_};
  run(database_->connection, "INSERT OR REPLACE INTO permission " + checked_values(5),
      {permission.user, permission.vhost, permission.configure, permission.write, permission.read});
}

void Catalog::drop_permission(const std::string& user, const std::string& vhost) {
  const std::lock_guard lock{mutex_};
  run(database_->connection, "DELETE FROM permission WHERE user = ? AND vhost = ?", {user, vhost});
}

std::vector<auth::TopicPermission> Catalog::topic_permissions() {
  const std::lock_guard lock{mutex_};
  std::vector<auth::TopicPermission> rows;
  Statement select(database_->connection,
                   "SELECT user, vhost, exchange, write, read FROM topic_permission");
  while (select.step())
    rows.push_back({text_at(select, 0), text_at(select, 1), text_at(select, 2), text_at(select, 3),
                    text_at(select, 4)});
  return rows;
}

void Catalog::put_topic_permission(const auth::TopicPermission& permission) {
  const std::lock_guard lock{mutex_};
  run(database_->connection, "INSERT OR REPLACE INTO topic_permission " + checked_values(5),
      {permission.user, permission.vhost, permission.exchange, permission.write, permission.read});
}

void Catalog::drop_topic_permission(const std::string& user, const std::string& vhost,
                                    const std::string& exchange) {
  const std::lock_guard lock{mutex_};
  run(database_->connection,
      "DELETE FROM topic_permission WHERE user = ? AND vhost = ? AND exchange = ?",
      {user, vhost, exchange});
}

// Tokens.

std::vector<auth::Token> Catalog::tokens() {
  const std::lock_guard lock{mutex_};
  std::vector<auth::Token> rows;
  Statement select(database_->connection,
                   "SELECT id, user, description, digest, created_at, expires_at FROM token");
  while (select.step()) {
    auth::Token& row = rows.emplace_back();
    row.id = text_at(select, 0);
    row.user = text_at(select, 1);
    row.description = text_at(select, 2);
    row.digest = text_at(select, 3);
    row.created_at = time_of(select.integer(4));
    if (!select.is_null(5)) row.expires_at = time_of(select.integer(5));
  }
  return rows;
}

void Catalog::put_token(const auth::Token& token) {
  const std::lock_guard lock{mutex_};
  Statement insert(database_->connection, "INSERT INTO token " + checked_values(6));
  insert.bind_text(1, token.id);
  insert.bind_text(2, token.user);
  insert.bind_text(3, token.description);
  insert.bind_text(4, token.digest);
  insert.bind(5, seconds_of(token.created_at));
  if (token.expires_at)
    insert.bind(6, seconds_of(*token.expires_at));
  else
    insert.bind_null(6);
  insert.run();
}

void Catalog::drop_token(const std::string& id) {
  const std::lock_guard lock{mutex_};
  run(database_->connection, "DELETE FROM token WHERE id = ?", {id});
}

// Imports.

void Catalog::group(const std::function<void()>& changes) {
  {
    const std::lock_guard lock{mutex_};
    database_->group = std::make_unique<Transaction>(database_->connection);
  }
  std::exception_ptr failure;
  try {
    changes();
  } catch (...) {
    failure = std::current_exception();
  }
  const std::lock_guard lock{mutex_};
  const std::unique_ptr<Transaction> transaction = std::move(database_->group);
  if (failure) std::rethrow_exception(failure);
  transaction->commit();
}

void Catalog::begin_import(const broker::PendingImport& import) {
  const std::lock_guard lock{mutex_};
  Statement insert(database_->connection,
                   "INSERT OR REPLACE INTO pending_import VALUES (1, ?, ?, ?, ?)");
  insert.bind_text(1, import.vhost);
  insert.bind_text(2, import.source);
  insert.bind_text(3, import.digest);
  insert.bind_blob(4, import.content);
  insert.run();
}

std::optional<broker::PendingImport> Catalog::pending_import() {
  const std::lock_guard lock{mutex_};
  Statement select(database_->connection,
                   "SELECT scope, source, digest, content FROM pending_import");
  if (!select.step()) return std::nullopt;
  return broker::PendingImport{text_at(select, 0), text_at(select, 1), text_at(select, 2),
                               text_at(select, 3)};
}

void Catalog::finish_import(const broker::PendingImport& import) {
  const std::lock_guard lock{mutex_};
  Transaction transaction(database_->connection);
  run(database_->connection, "DELETE FROM pending_import", {});
  if (!import.source.empty())
    run(database_->connection, "INSERT OR REPLACE INTO imported_file VALUES (?, ?)",
        {import.source, import.digest});
  transaction.commit();
}

std::string Catalog::imported_digest(const std::string& file) {
  const std::lock_guard lock{mutex_};
  Statement select(database_->connection, "SELECT digest FROM imported_file WHERE file = ?");
  select.bind_text(1, file);
  return select.step() ? text_at(select, 0) : std::string{};
}

}  // namespace leveret::store
