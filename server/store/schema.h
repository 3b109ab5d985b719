#pragma once

#include <span>
#include <string>
#include <string_view>

#include "store/sqlite.h"

namespace leveret::store {

/// The layout of one kind of file and how older ones become it.
struct Schema {
  /// Written to PRAGMA application_id; any other file is refused.
  int application_id = 0;
  /// What a file of this kind is called in error texts: "store", "catalog".
  std::string_view kind;
  int version = 0;
  /// Makes a new file of `version`.
  std::string_view create;
  /// migrations[n] takes a file from version n + 1 to n + 2.
  std::span<const std::string_view> migrations;
  /// Whose rows carry a checksum, see row_crc.h.
  std::span<const std::string_view> checked_tables = {};
};

/// A virtual host's store and the data directory's catalog.
const Schema& store_schema();
const Schema& catalog_schema();

/// Checks what kind of file this is before anything is written to it. Returns its version, 0 for an
/// empty one. Throws StoreError for a file of another kind, a newer one and a damaged one.
int check_version(Connection& connection, const Schema& schema);
/// Brings a checked file from `version` to the current one, in one transaction.
void migrate(Connection& connection, const Schema& schema, int version);

}  // namespace leveret::store
