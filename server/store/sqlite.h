#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "store/standing_file.h"

namespace leveret::store {

/// A failure of SQLite or of the file beneath it. what() names the file and, for a damaged one,
/// what can be done about it.
class StoreError : public std::runtime_error {
 public:
  explicit StoreError(const std::string& text, int code = SQLITE_ERROR)
      : std::runtime_error(text), code_(code) {}
  /// SQLite's extended result code.
  int code() const { return code_; }
  /// Nothing is wrong but the room: the same transaction may succeed later.
  bool is_disk_full() const;

 private:
  int code_;
};

/// The error text for a file that does not hold what it should.
std::string damaged_text(std::string_view file, std::string_view what);

struct OpenOptions {
  bool read_only = false;
  /// It runs no statement often: goes without SQLite's pool for small allocations, 48 KiB that are
  /// touched at once.
  bool is_rarely_used = false;
  /// Name of a registered SQLite VFS; empty for the default. Tests inject failures through it.
  std::string vfs = {};
};

/// One SQLite connection, used by one thread at a time. Closing never checkpoints by itself: after
/// a failed write nothing more may touch the file.
class Connection {
 public:
  /// Opens or, unless read_only, creates `file`. Throws StoreError.
  Connection(const std::string& file, const OpenOptions& options);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection();

  /// Runs statements that return nothing of interest. Throws StoreError.
  void execute(const std::string& sql);
  /// The first column of the first row, 0 when there is none.
  std::int64_t query_integer(const std::string& sql);
  [[noreturn]] void fail(int code) const;
  /// Whether a write that has just failed with `code` has met a quota that is used up, which is a
  /// full disk, but not to SQLite. A checkpoint writes the file, everything else the log.
  enum class Written { file, log };
  bool has_met_quota(int code, Written where) const;

  /// From now on the file and its write-ahead log, both open, must stay where they are. Only for
  /// files of the system's VFS.
  void watch_files();
  /// Throws StoreError when one of those is gone. When it is the log alone, the file has first got
  /// what was in it.
  void check_files();

  sqlite3* handle() const { return handle_; }
  const std::string& file() const { return file_; }

 private:
  void save_gone_log();

  std::string file_;
  std::vector<StandingFile> watched_;  // The file first.
  sqlite3* handle_ = nullptr;
};

/// A prepared statement. Parameters are numbered from 1, columns from 0.
class Statement {
 public:
  Statement(Connection& connection, std::string_view sql);
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;
  ~Statement();

  void bind(int parameter, std::int64_t value);
  void bind_null(int parameter);
  /// The bytes must live until reset(); they are not copied.
  void bind_text(int parameter, std::string_view text);
  void bind_blob(int parameter, std::string_view bytes);

  /// True while there is a row. Throws StoreError.
  bool step();
  /// Steps a statement that returns no rows, then resets it.
  void run();
  void reset();

  bool is_null(int column) const;
  bool is_text(int column) const;
  std::int64_t integer(int column) const;
  /// Text or blob; valid until the next step() or reset().
  std::string_view bytes(int column) const;

 private:
  Connection& connection_;
  sqlite3_stmt* handle_ = nullptr;
};

/// Resets a statement when a loop over its rows ends, however it ends: an open read would pin the
/// WAL.
class Rows {
 public:
  explicit Rows(Statement& statement) : statement_(statement) {}
  Rows(const Rows&) = delete;
  Rows& operator=(const Rows&) = delete;
  ~Rows() { statement_.reset(); }
  bool next() { return statement_.step(); }

 private:
  Statement& statement_;
};

/// A write transaction; rolled back unless committed.
class Transaction {
 public:
  explicit Transaction(Connection& connection);
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  ~Transaction();
  /// Returns when the transaction is on disk. Throws StoreError.
  void commit();

 private:
  Connection& connection_;
  bool open_ = true;
};

}  // namespace leveret::store
