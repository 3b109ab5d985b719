#pragma once

#include <span>
#include <string>
#include <string_view>

#include "store/sqlite.h"

namespace leveret::store {

/// Checksums of the rows that say what there is and who may do what. SQLite's pages have none, and
/// a bit that has turned in a routing key or a permission looks like any other name: it would send
/// messages elsewhere, or let somebody in, without a word. So the last column of these tables,
/// `crc`, is CRC-32C over the others, by the SQL function `row_crc` that each Connection has.

/// Gives a connection that has just been opened the function. Throws StoreError.
void provide_row_crc(Connection& connection);

/// "VALUES (?1, ..., row_crc(?1, ...))" for a row of `count` columns and its `crc`.
std::string checked_values(int count);

/// Looks at every row of `tables`. Throws StoreError (SQLITE_CORRUPT) for the first that is not
/// what was written, with its table and how to find it.
void check_rows(Connection& connection, std::span<const std::string_view> tables);

}  // namespace leveret::store
