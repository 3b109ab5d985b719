-- One virtual host. This file is the truth about the layout of version 6.
--
-- The version stands in PRAGMA user_version. A change of the layout raises `version` in schema.cc, adds one
-- migration from the version before it there, and changes this file, which only new stores are made from. A
-- file that is newer than the program is refused.

-- `crc` of a table is CRC-32C over the other columns (see row_crc.h), and every row is checked at a start.

-- `is_closed`: 1 when the store was closed, not left by a crash. `redo_applied`: up to which of its
-- generations the redo log is in this file (see redo_log.h).
CREATE TABLE meta (
  name  TEXT PRIMARY KEY,
  value INTEGER NOT NULL,
  crc   INTEGER
) WITHOUT ROWID;

CREATE TABLE exchange (
  name        TEXT PRIMARY KEY,
  type        TEXT NOT NULL,
  auto_delete INTEGER NOT NULL,
  internal    INTEGER NOT NULL,
  arguments   BLOB NOT NULL,         -- an AMQP field table with its length in front
  crc         INTEGER
) WITHOUT ROWID;

-- `slot` is the queue's part of its entries' keys. Ids are never used again; slots are. A row with
-- `level_of` is one more priority of that queue, whose entries are kept apart.
CREATE TABLE queue (
  id          INTEGER PRIMARY KEY,
  slot        INTEGER NOT NULL UNIQUE,
  name        TEXT UNIQUE,           -- NULL with level_of
  auto_delete INTEGER NOT NULL,
  arguments   BLOB NOT NULL,
  level_of    INTEGER,
  priority    INTEGER NOT NULL,
  crc         INTEGER
);

-- So that a start reads few messages: they count the entries up to `last_seq`, and fewer than some thousand
-- stand behind it, of transactions that did nothing but append. Apart from `queue`, so that one page holds
-- hundreds of them. Without `crc`: a damaged
-- message is given up by hand, with any SQLite, and they are put right by that.
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
  crc         INTEGER,
  PRIMARY KEY (source, destination, to_exchange, routing_key, arguments)
) WITHOUT ROWID;
CREATE INDEX binding_destination ON binding (destination, to_exchange);

CREATE TABLE policy (
  is_operator INTEGER NOT NULL,
  name        TEXT NOT NULL,
  pattern     TEXT NOT NULL,
  apply_to    TEXT NOT NULL,
  priority    INTEGER NOT NULL,
  definition  BLOB NOT NULL,         -- as `arguments`
  crc         INTEGER,
  PRIMARY KEY (is_operator, name)
) WITHOUT ROWID;

-- Every message once, in order of arrival over all queues: inserts append to one place, whatever the number
-- of queues. `crc` is CRC-32C over everything that must not change, the entry that it belongs to included
-- (see message_table.cc).
CREATE TABLE message (
  id           INTEGER PRIMARY KEY,
  crc          INTEGER NOT NULL,
  published_at INTEGER NOT NULL,     -- milliseconds since the Unix epoch
  exchange     TEXT NOT NULL,
  routing_key  TEXT NOT NULL,
  properties   BLOB NOT NULL,        -- as the publisher sent them
  body         BLOB NOT NULL         -- of a large one its place, as TEXT (see body_file.h)
);

-- The files of large bodies, and how many bodies of each are still wanted: a file without any is
-- removed, and its row with a transaction after that.
CREATE TABLE body_file (
  number INTEGER PRIMARY KEY,
  wanted INTEGER NOT NULL,
  crc    INTEGER
);

-- A message's place in a queue. key = slot << 43 | seq, so a queue is one range.
CREATE TABLE entry (
  key            INTEGER PRIMARY KEY,
  message        INTEGER NOT NULL,
  body_bytes     INTEGER NOT NULL,
  content        INTEGER,            -- NULL unless several queues share the message
  delivery_count INTEGER,            -- NULL until a delivery of it has failed
  expires_at     INTEGER             -- NULL unless the message has an expiration of its own
);
CREATE INDEX entry_expiry ON entry (key >> 43, expires_at) WHERE expires_at IS NOT NULL;

-- How many entries share a message.
CREATE TABLE content (
  id      INTEGER PRIMARY KEY,
  message INTEGER NOT NULL,
  refs    INTEGER NOT NULL
);

-- Slots of dropped queues whose entries are still being deleted, a few with every transaction.
CREATE TABLE condemned (
  slot INTEGER PRIMARY KEY,
  crc  INTEGER
);
