-- What is common to all virtual hosts of a data directory: version 5. The version rule stands in schema.sql, and what
-- `crc` is.

-- A virtual host's store is the file vhost-<id>.db: no name given by a user becomes a path.
CREATE TABLE vhost (
  id                 INTEGER PRIMARY KEY AUTOINCREMENT,
  name               TEXT NOT NULL UNIQUE,
  description        TEXT NOT NULL,
  tags               TEXT NOT NULL,    -- separated by commas, as RabbitMQ lists them
  default_queue_type TEXT NOT NULL,    -- empty for classic
  crc                INTEGER
);

CREATE TABLE user (
  name          TEXT PRIMARY KEY,
  password_hash TEXT NOT NULL,         -- as auth/password.h writes it, empty for no login by password
  tags          TEXT NOT NULL,
  crc           INTEGER
) WITHOUT ROWID;

-- What belongs to a user or a virtual host goes with it.
CREATE TABLE permission (
  user      TEXT NOT NULL REFERENCES user (name) ON DELETE CASCADE,
  vhost     TEXT NOT NULL REFERENCES vhost (name) ON DELETE CASCADE,
  configure TEXT NOT NULL,
  write     TEXT NOT NULL,
  read      TEXT NOT NULL,
  crc       INTEGER,
  PRIMARY KEY (user, vhost)
) WITHOUT ROWID;

CREATE TABLE topic_permission (
  user     TEXT NOT NULL REFERENCES user (name) ON DELETE CASCADE,
  vhost    TEXT NOT NULL REFERENCES vhost (name) ON DELETE CASCADE,
  exchange TEXT NOT NULL,
  write    TEXT NOT NULL,
  read     TEXT NOT NULL,
  crc      INTEGER,
  PRIMARY KEY (user, vhost, exchange)
) WITHOUT ROWID;

CREATE TABLE user_limit (
  user  TEXT NOT NULL REFERENCES user (name) ON DELETE CASCADE,
  name  TEXT NOT NULL,
  value INTEGER NOT NULL,
  crc   INTEGER,
  PRIMARY KEY (user, name)
) WITHOUT ROWID;

CREATE TABLE vhost_limit (
  vhost TEXT NOT NULL REFERENCES vhost (name) ON DELETE CASCADE,
  name  TEXT NOT NULL,
  value INTEGER NOT NULL,
  crc   INTEGER,
  PRIMARY KEY (vhost, name)
) WITHOUT ROWID;

-- Values are JSON. Nothing in the broker follows them.
CREATE TABLE parameter (
  vhost     TEXT NOT NULL REFERENCES vhost (name) ON DELETE CASCADE,
  component TEXT NOT NULL,
  name      TEXT NOT NULL,
  value     TEXT NOT NULL,
  crc       INTEGER,
  PRIMARY KEY (vhost, component, name)
) WITHOUT ROWID;

CREATE TABLE global_parameter (
  name  TEXT PRIMARY KEY,
  value TEXT NOT NULL,
  crc   INTEGER
) WITHOUT ROWID;

-- At most one: definitions that were checked and are being applied. Whoever finds it here goes on with it.
CREATE TABLE pending_import (
  id      INTEGER PRIMARY KEY CHECK (id = 1),
  scope   TEXT NOT NULL,               -- a virtual host, empty for all
  source  TEXT NOT NULL,               -- the file it was read from, empty for a request
  digest  TEXT NOT NULL,               -- of that file
  content BLOB NOT NULL                -- the JSON as it came
);

-- What a file of definitions held when it was last imported: it is not imported twice.
CREATE TABLE imported_file (
  file   TEXT PRIMARY KEY,
  digest TEXT NOT NULL
) WITHOUT ROWID;

-- Instead of a password; ends with its user. Times are seconds since 1970.
CREATE TABLE token (
  id          TEXT PRIMARY KEY,
  user        TEXT NOT NULL REFERENCES user (name) ON DELETE CASCADE,
  description TEXT NOT NULL,
  digest      TEXT NOT NULL,           -- as auth/tokens.cc makes it; the secret is nowhere
  created_at  INTEGER NOT NULL,
  expires_at  INTEGER,                 -- nothing for one that lives until it is taken back
  crc         INTEGER
) WITHOUT ROWID;
