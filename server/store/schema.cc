#include "store/schema.h"

#include <array>

#include "store/schema_sql.h"

namespace leveret::store {
namespace {

// "LvrS" and "LvrC", so that file(1) and we can tell what a file is.
constexpr int store_id = 0x4c767253;
constexpr int catalog_id = 0x4c767243;

/// From version 1: further priorities of a queue, expiry, policies. Messages from then have no
/// `expires_at` and are found to have expired when they are read.
constexpr std::string_view store_2 = R"(
CREATE TABLE queue_2 (
  id INTEGER PRIMARY KEY,
  slot INTEGER NOT NULL UNIQUE,
  name TEXT UNIQUE,
  auto_delete INTEGER NOT NULL,
  arguments BLOB NOT NULL,
  level_of INTEGER,
  priority INTEGER NOT NULL
);
INSERT INTO queue_2 SELECT id, slot, name, auto_delete, arguments, NULL, 0 FROM queue;
DROP TABLE queue;
ALTER TABLE queue_2 RENAME TO queue;
ALTER TABLE entry ADD COLUMN expires_at INTEGER;
CREATE INDEX entry_expiry ON entry (key >> 43, expires_at) WHERE expires_at IS NOT NULL;
CREATE TABLE policy (
  is_operator INTEGER NOT NULL,
  name TEXT NOT NULL,
  pattern TEXT NOT NULL,
  apply_to TEXT NOT NULL,
  priority INTEGER NOT NULL,
  definition BLOB NOT NULL,
  PRIMARY KEY (is_operator, name)
) WITHOUT ROWID;
)";

/// From version 2: counters may be behind what was appended, which an older program would not know.
constexpr std::string_view store_3{};

/// From version 3: large bodies in files of their own.
constexpr std::string_view store_4 = R"(
CREATE TABLE body_file (
  number INTEGER PRIMARY KEY,
  wanted INTEGER NOT NULL
);
)";

/// From version 4: a redo log beside the file, which an older program would not read.
constexpr std::string_view store_5{};

/// From version 5: checksums of what is not a message.
constexpr std::string_view store_6 = R"(
ALTER TABLE meta ADD COLUMN crc INTEGER;
UPDATE meta SET crc = row_crc(name, value);
ALTER TABLE exchange ADD COLUMN crc INTEGER;
UPDATE exchange SET crc = row_crc(name, type, auto_delete, internal, arguments);
ALTER TABLE queue ADD COLUMN crc INTEGER;
UPDATE queue SET crc = row_crc(id, slot, name, auto_delete, arguments, level_of, priority);
ALTER TABLE binding ADD COLUMN crc INTEGER;
UPDATE binding SET crc = row_crc(source, destination, to_exchange, routing_key, arguments);
ALTER TABLE policy ADD COLUMN crc INTEGER;
UPDATE policy SET crc = row_crc(is_operator, name, pattern, apply_to, priority, definition);
ALTER TABLE body_file ADD COLUMN crc INTEGER;
UPDATE body_file SET crc = row_crc(number, wanted);
ALTER TABLE condemned ADD COLUMN crc INTEGER;
UPDATE condemned SET crc = row_crc(slot);
)";

constexpr std::array<std::string_view, 5> store_migrations{store_2, store_3, store_4, store_5,
                                                           store_6};
constexpr std::array<std::string_view, 7> store_checked{
    "meta", "exchange", "queue", "binding", "policy", "body_file", "condemned"};

/// From version 1: permissions, limits, what a virtual host is described by. Until then every user
/// could do everything everywhere, and goes on to.
constexpr std::string_view catalog_2 = R"(
ALTER TABLE vhost ADD COLUMN description TEXT NOT NULL DEFAULT '';
ALTER TABLE vhost ADD COLUMN tags TEXT NOT NULL DEFAULT '';
ALTER TABLE vhost ADD COLUMN default_queue_type TEXT NOT NULL DEFAULT '';
UPDATE vhost SET description = 'Default virtual host' WHERE name = '/';
CREATE TABLE permission (
  user TEXT NOT NULL REFERENCES user (name) ON DELETE CASCADE,
  vhost TEXT NOT NULL REFERENCES vhost (name) ON DELETE CASCADE,
  configure TEXT NOT NULL,
  write TEXT NOT NULL,
  read TEXT NOT NULL,
  PRIMARY KEY (user, vhost)
) WITHOUT ROWID;
INSERT INTO permission SELECT user.name, vhost.name, '.*', '.*', '.*' FROM user, vhost;
CREATE TABLE topic_permission (
  user TEXT NOT NULL REFERENCES user (name) ON DELETE CASCADE,
  vhost TEXT NOT NULL REFERENCES vhost (name) ON DELETE CASCADE,
  exchange TEXT NOT NULL,
  write TEXT NOT NULL,
  read TEXT NOT NULL,
  PRIMARY KEY (user, vhost, exchange)
) WITHOUT ROWID;
CREATE TABLE user_limit (
  user TEXT NOT NULL REFERENCES user (name) ON DELETE CASCADE,
  name TEXT NOT NULL,
  value INTEGER NOT NULL,
  PRIMARY KEY (user, name)
) WITHOUT ROWID;
CREATE TABLE vhost_limit (
  vhost TEXT NOT NULL REFERENCES vhost (name) ON DELETE CASCADE,
  name TEXT NOT NULL,
  value INTEGER NOT NULL,
  PRIMARY KEY (vhost, name)
) WITHOUT ROWID;
)";

/// From version 2: parameters, and imports of definitions.
constexpr std::string_view catalog_3 = R"(
CREATE TABLE parameter (
  vhost TEXT NOT NULL REFERENCES vhost (name) ON DELETE CASCADE,
  component TEXT NOT NULL,
  name TEXT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (vhost, component, name)
) WITHOUT ROWID;
CREATE TABLE global_parameter (
  name TEXT PRIMARY KEY,
  value TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE pending_import (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  scope TEXT NOT NULL,
  source TEXT NOT NULL,
  digest TEXT NOT NULL,
  content BLOB NOT NULL
);
CREATE TABLE imported_file (
  file TEXT PRIMARY KEY,
  digest TEXT NOT NULL
) WITHOUT ROWID;
)";

/// From version 3: tokens.
constexpr std::string_view catalog_4 = R"(
CREATE TABLE token (
  id TEXT PRIMARY KEY,
  user TEXT NOT NULL REFERENCES user (name) ON DELETE CASCADE,
  description TEXT NOT NULL,
  digest TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  expires_at INTEGER
) WITHOUT ROWID;
)";

/// From version 4: checksums.
constexpr std::string_view catalog_5 = R"(
ALTER TABLE vhost ADD COLUMN crc INTEGER;
UPDATE vhost SET crc = row_crc(id, name, description, tags, default_queue_type);
ALTER TABLE user ADD COLUMN crc INTEGER;
UPDATE user SET crc = row_crc(name, password_hash, tags);
ALTER TABLE permission ADD COLUMN crc INTEGER;
UPDATE permission SET crc = row_crc(user, vhost, configure, write, read);
ALTER TABLE topic_permission ADD COLUMN crc INTEGER;
UPDATE topic_permission SET crc = row_crc(user, vhost, exchange, write, read);
ALTER TABLE user_limit ADD COLUMN crc INTEGER;
UPDATE user_limit SET crc = row_crc(user, name, value);
ALTER TABLE vhost_limit ADD COLUMN crc INTEGER;
UPDATE vhost_limit SET crc = row_crc(vhost, name, value);
ALTER TABLE parameter ADD COLUMN crc INTEGER;
UPDATE parameter SET crc = row_crc(vhost, component, name, value);
ALTER TABLE global_parameter ADD COLUMN crc INTEGER;
UPDATE global_parameter SET crc = row_crc(name, value);
ALTER TABLE token ADD COLUMN crc INTEGER;
UPDATE token SET crc = row_crc(id, user, description, digest, created_at, expires_at);
)";

constexpr std::array<std::string_view, 4> catalog_migrations{catalog_2, catalog_3, catalog_4,
                                                             catalog_5};
constexpr std::array<std::string_view, 9> catalog_checked{
    "vhost",      "user",        "permission", "topic_permission",
    "user_limit", "vhost_limit", "parameter",  "global_parameter",
    "token"};

}  // namespace

const Schema& store_schema() {
  static constexpr Schema schema{store_id, "store", 6, store_sql, store_migrations, store_checked};
  return schema;
}

const Schema& catalog_schema() {
  static constexpr Schema schema{catalog_id,  "catalog",          5,
                                 catalog_sql, catalog_migrations, catalog_checked};
  return schema;
}

int check_version(Connection& connection, const Schema& schema) {
  const auto id = connection.query_integer("PRAGMA application_id");
  const auto version = connection.query_integer("PRAGMA user_version");
  const auto objects = connection.query_integer("SELECT count(*) FROM sqlite_master");
  if (id == 0 && version == 0 && objects == 0) return 0;
  if (id != schema.application_id)
    throw StoreError(connection.file() + " is not a Leveret " + std::string(schema.kind) +
                     ". It was left as it is; move it away or choose another data directory");
  if (version > schema.version)
    throw StoreError(
        connection.file() + " has layout version " + std::to_string(version) +
        ", this program knows versions up to " + std::to_string(schema.version) +
        ". It was left as it is; start a newer leveretd, or use another data directory");
  if (version < 1)
    throw StoreError(damaged_text(connection.file(), "its layout version is 0"), SQLITE_CORRUPT);
  return static_cast<int>(version);
}

void migrate(Connection& connection, const Schema& schema, int version) {
  if (version == schema.version) return;
  Transaction transaction(connection);
  if (version == 0) {
    connection.execute(std::string(schema.create));
    connection.execute("PRAGMA application_id = " + std::to_string(schema.application_id));
  } else {
    for (const auto step : schema.migrations.subspan(static_cast<std::size_t>(version - 1)))
      connection.execute(std::string(step));
  }
  connection.execute("PRAGMA user_version = " + std::to_string(schema.version));
  transaction.commit();
}

}  // namespace leveret::store
