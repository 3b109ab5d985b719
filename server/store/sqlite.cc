#include "store/sqlite.h"

#include <unistd.h>

#include <cerrno>
#include <mutex>

#include "base/log.h"
#include "store/row_crc.h"

namespace leveret::store {
namespace {

/// Errors reach us as result codes and say more there; what only stands here is what a start
/// recovered.
void log_sqlite(void*, int code, const char* text) {
  const bool is_notice = (code & 0xff) == SQLITE_NOTICE;
  log::write(is_notice ? log::Level::info : log::Level::debug, std::string("sqlite: ") + text);
}

void initialize_sqlite() {
  static std::once_flag once;
  std::call_once(once, [] {
    // Its memory statistics put a process-wide lock around every allocation.
    sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    sqlite3_config(SQLITE_CONFIG_LOG, log_sqlite, nullptr);
  });
}

std::string error_text(const std::string& file, int code, const char* detail) {
  if (code == SQLITE_READONLY_DBMOVED)
    return gone_text(file,
                     "No change of virtual hosts, users or permissions is kept from now on: export "
                     "the definitions, stop the broker, and restore the data directory from a "
                     "backup");
  switch (code & 0xff) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB: return damaged_text(file, detail);
    default: break;
  }
  return file + ": " + sqlite3_errstr(code) +
         (std::string_view(detail) == sqlite3_errstr(code) ? ""
                                                           : std::string(" (") + detail + ")") +
         " [sqlite " + std::to_string(code) + "]";
}

}  // namespace

std::string damaged_text(std::string_view file, std::string_view what) {
  const std::string name(file);
  return name + " is damaged: " + std::string(what) +
         ". Nothing was changed. Stop the broker, copy the data directory, then try: sqlite3 " +
         name + " .recover | sqlite3 " + name +
         ".recovered, and put the recovered file in its place";
}

bool StoreError::is_disk_full() const {
  // Growing the WAL's index file by a page fails with its own code when the disk is full.
  return (code_ & 0xff) == SQLITE_FULL || code_ == SQLITE_IOERR_SHMSIZE;
}

Connection::Connection(const std::string& file, const OpenOptions& options) : file_(file) {
  initialize_sqlite();
  const int flags =
      SQLITE_OPEN_NOMUTEX |
      (options.read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
  const int code = sqlite3_open_v2(file.c_str(), &handle_, flags,
                                   options.vfs.empty() ? nullptr : options.vfs.c_str());
  if (code != SQLITE_OK) {
    const StoreError error(error_text(file_, code, handle_ ? sqlite3_errmsg(handle_) : ""), code);
    sqlite3_close_v2(handle_);
    throw error;
  }
  sqlite3_extended_result_codes(handle_, 1);
  sqlite3_db_config(handle_, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
  if (options.is_rarely_used) sqlite3_db_config(handle_, SQLITE_DBCONFIG_LOOKASIDE, nullptr, 0, 0);
  sqlite3_busy_timeout(handle_, 10'000);
  provide_row_crc(*this);
}

Connection::~Connection() {
  sqlite3_close_v2(handle_);
}

void Connection::execute(const std::string& sql) {
  const int code = sqlite3_exec(handle_, sql.c_str(), nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) fail(code);
}

std::int64_t Connection::query_integer(const std::string& sql) {
  Statement statement(*this, sql);
  return statement.step() ? statement.integer(0) : 0;
}

void Connection::fail(int code) const {
  const int extended = sqlite3_extended_errcode(handle_);
  const int exact = (extended & 0xff) == (code & 0xff) ? extended : code;
  if (has_met_quota(exact, Written::log))
    throw StoreError(error_text(file_, SQLITE_FULL, "disk quota exceeded"), SQLITE_FULL);
  throw StoreError(error_text(file_, exact, sqlite3_errmsg(handle_)), exact);
}

bool Connection::has_met_quota(int code, Written where) const {
  if (code != SQLITE_IOERR_WRITE) return false;
  sqlite3_file* file = nullptr;
  sqlite3_file_control(
      handle_, nullptr,
      where == Written::log ? SQLITE_FCNTL_JOURNAL_POINTER : SQLITE_FCNTL_FILE_POINTER, &file);
  if (file == nullptr || file->pMethods == nullptr) return false;
  int error = 0;
  file->pMethods->xFileControl(file, SQLITE_FCNTL_LAST_ERRNO, &error);
  return error == EDQUOT;
}

void Connection::watch_files() {
  watched_.clear();
  for (const char* end : {"", "-wal"}) watched_.emplace_back(file_ + end);
}

void Connection::check_files() {
  for (StandingFile& watched : watched_) {
    if (!watched.is_gone()) continue;
    if (watched.path() != file_) save_gone_log();
    watched.fail();
  }
}

/// The log can still be read, by us alone: a checkpoint of all of it loses nothing.
void Connection::save_gone_log() {
  const std::string log = file_ + "-wal";
  int log_pages = -1;
  int done_pages = 0;
  const int code =
      sqlite3_wal_checkpoint_v2(handle_, nullptr, SQLITE_CHECKPOINT_FULL, &log_pages, &done_pages);
  if (code != SQLITE_OK || log_pages != done_pages) return;
  // Another's pages must not be played back over ours.
  const std::string advice = ::access(log.c_str(), F_OK) == 0
                                 ? "remove what stands in its place, and start it again"
                                 : "start it again";
  throw StoreError(gone_text(log, "Nothing is lost, since all that was in it has been saved to " +
                                      file_ + ". The broker ends; " + advice),
                   SQLITE_READONLY_DBMOVED);
}

Statement::Statement(Connection& connection, std::string_view sql) : connection_(connection) {
  const int code = sqlite3_prepare_v3(connection.handle(), sql.data(), static_cast<int>(sql.size()),
                                      SQLITE_PREPARE_PERSISTENT, &handle_, nullptr);
  if (code != SQLITE_OK) connection.fail(code);
}

Statement::~Statement() {
  sqlite3_finalize(handle_);
}

void Statement::bind(int parameter, std::int64_t value) {
  if (const int code = sqlite3_bind_int64(handle_, parameter, value); code != SQLITE_OK)
    connection_.fail(code);
}

void Statement::bind_null(int parameter) {
  if (const int code = sqlite3_bind_null(handle_, parameter); code != SQLITE_OK)
    connection_.fail(code);
}

// A null pointer would bind NULL: an empty view points at a literal instead.
void Statement::bind_text(int parameter, std::string_view text) {
  const char* data = text.empty() ? "" : text.data();
  const int code =
      sqlite3_bind_text64(handle_, parameter, data, text.size(), SQLITE_STATIC, SQLITE_UTF8);
  if (code != SQLITE_OK) connection_.fail(code);
}

void Statement::bind_blob(int parameter, std::string_view bytes) {
  const char* data = bytes.empty() ? "" : bytes.data();
  const int code = sqlite3_bind_blob64(handle_, parameter, data, bytes.size(), SQLITE_STATIC);
  if (code != SQLITE_OK) connection_.fail(code);
}

bool Statement::step() {
  const int code = sqlite3_step(handle_);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  sqlite3_reset(handle_);
  connection_.fail(code);
}

void Statement::run() {
  step();
  reset();
}

void Statement::reset() {
  sqlite3_reset(handle_);
}

bool Statement::is_null(int column) const {
  return sqlite3_column_type(handle_, column) == SQLITE_NULL;
}

bool Statement::is_text(int column) const {
  return sqlite3_column_type(handle_, column) == SQLITE_TEXT;
}

std::int64_t Statement::integer(int column) const {
  return sqlite3_column_int64(handle_, column);
}

std::string_view Statement::bytes(int column) const {
  const void* data = sqlite3_column_blob(handle_, column);
  if (!data) return {};
  return {static_cast<const char*>(data),
          static_cast<std::size_t>(sqlite3_column_bytes(handle_, column))};
}

Transaction::Transaction(Connection& connection) : connection_(connection) {
  connection_.execute("BEGIN IMMEDIATE");
}

Transaction::~Transaction() {
  // SQLite has rolled back by itself after some errors, a full disk among them.
  if (open_ && sqlite3_get_autocommit(connection_.handle()) == 0)
    sqlite3_exec(connection_.handle(), "ROLLBACK", nullptr, nullptr, nullptr);
}

void Transaction::commit() {
  connection_.execute("COMMIT");
  open_ = false;
}

}  // namespace leveret::store
