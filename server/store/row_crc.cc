#include "store/row_crc.h"

#include <cstdint>

#include "store/checksum.h"

namespace leveret::store {
namespace {

/// Of the kinds and values of its arguments, so that no two rows differ in how they are cut only.
void row_crc(sqlite3_context* context, int count, sqlite3_value** values) {
  Checksum checksum;
  for (sqlite3_value* value : std::span{values, static_cast<std::size_t>(count)}) {
    const int type = sqlite3_value_type(value);
    checksum.add(static_cast<std::uint64_t>(type));
    if (type == SQLITE_NULL) continue;
    if (type == SQLITE_INTEGER) {
      checksum.add(static_cast<std::uint64_t>(sqlite3_value_int64(value)));
      continue;
    }
    const void* data = sqlite3_value_blob(value);
    const auto size = static_cast<std::size_t>(sqlite3_value_bytes(value));
    checksum.add(std::uint64_t{size});
    if (size > 0) checksum.add(std::string_view{static_cast<const char*>(data), size});
  }
  sqlite3_result_int64(context, std::int64_t{checksum.value()});
}

/// row_crc(...) over all columns but `crc`, in their order.
std::string row_crc_of(Connection& connection, std::string_view table) {
  Statement columns(connection, "SELECT name FROM pragma_table_info(?) WHERE name <> 'crc'");
  columns.bind_text(1, table);
  std::string call;
  while (columns.step()) {
    call += call.empty() ? "row_crc(" : ", ";
    call += columns.bytes(0);
  }
  return call + ")";
}

}  // namespace

void provide_row_crc(Connection& connection) {
  const int code = sqlite3_create_function_v2(connection.handle(), "row_crc", -1,
                                              SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS,
                                              nullptr, row_crc, nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) connection.fail(code);
}

std::string checked_values(int count) {
  std::string parameters;
  for (int number = 1; number <= count; ++number)
    parameters += (number > 1 ? ", ?" : "?") + std::to_string(number);
  return "VALUES (" + parameters + ", row_crc(" + parameters + "))";
}

void check_rows(Connection& connection, std::span<const std::string_view> tables) {
  for (const std::string_view each : tables) {
    const std::string table(each);
    const std::string right = row_crc_of(connection, table);
    Statement wrong(connection, "SELECT quote(crc), " + right + " FROM " + table +
                                    " WHERE crc IS NOT " + right + " LIMIT 1");
    if (!wrong.step()) continue;
    const std::string file = connection.file();
    const std::string where = " WHERE crc IS " + std::string(wrong.bytes(0)) + "\"";
    throw StoreError(
        file + " is damaged: a row of its table " + table +
            " is not what was written: its checksum is wrong. Nothing was changed. Stop the broker "
            "and copy the data directory; then restore the file from a backup, or look at the row: "
            "sqlite3 " +
            file + " \"SELECT * FROM " + table + where +
            ", put it right there, and have it taken as it then reads by the number that the next "
            "start names; as it reads now that is: sqlite3 " +
            file + " \"UPDATE " + table + " SET crc = " + std::to_string(wrong.integer(1)) + where,
        SQLITE_CORRUPT);
  }
}

}  // namespace leveret::store
