-- What is common to all virtual hosts of a data directory: version 1. The version rule stands in schema.sql.

-- A virtual host's store is the file vhost-<id>.db: no name given by a user becomes a path.
CREATE TABLE vhost (
  id   INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL UNIQUE
);

CREATE TABLE user (
  name          TEXT PRIMARY KEY,
  password_hash TEXT NOT NULL,
  tags          TEXT NOT NULL          -- separated by commas, as RabbitMQ lists them
) WITHOUT ROWID;
