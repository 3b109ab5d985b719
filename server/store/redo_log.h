#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "store/batch.h"
#include "store/plain_file.h"

namespace leveret::store {

/// Small batches, durable before they are in SQLite's file: a commit of SQLite writes whole pages
/// of every table that it touches, and this a block or two over those that were there before. What
/// is here is applied to the file later, in one transaction, in which much of it has been settled
/// and is not written at all.
///
/// The file, `<store>-redo`, gets its whole length at once and is filled from its beginning. What
/// it holds since it was applied last is a generation, whose number stands in each of its records;
/// the transaction that applies them stores that number in the file (`meta`, redo_applied). So a
/// start knows which are still to be applied: those of a higher generation, in an unbroken row from
/// the beginning. A record begins with a block, so that writing one cannot damage another:
///
///     magic  crc-32c of all that follows  generation  salt  index  length  ops (see redo_record.h)
///
/// The salt is random, one for each generation: nothing that was in the file before, and no message
/// that was made to look like a record, can pass for the next one.
/// One thread at a time; everything throws StoreError.
class RedoLog {
 public:
  struct Options {
    std::string store_file;
    /// A registered SQLite VFS, empty for the default.
    std::string vfs = {};
    /// Its length; 0: it takes nothing, and only what another time has left is applied.
    std::int64_t bytes = 0;
    bool syncs = true;
  };
  explicit RedoLog(Options options);
  const std::string& path() const { return path_; }

  /// At a start: what has to be applied to the file, which has up to `applied` already. To be
  /// called first. Says so in the log when some of it is damaged.
  std::vector<Op> recover(std::int64_t applied);

  /// Removes the file, whatever it holds: instead of recover(), for a store that is new.
  void remove() const;

  /// What write() may take at most; 0 when it takes nothing.
  std::size_t record_bytes_max() const;
  /// Returns true when these ops are on disk, and false when there is no room for them, in this
  /// file or on the disk.
  bool write(std::string_view ops);

  /// The generation that the next transaction has to store, since it applies it; nothing when all
  /// is applied already.
  std::optional<std::int64_t> unapplied() const;
  /// That transaction is on disk: the file can be filled from its beginning again.
  void applied();

 private:
  struct Record {
    std::int64_t generation = 0;
    std::uint64_t salt = 0;
    std::uint32_t index = 0;
    std::string_view ops;
  };
  static std::optional<Record> parse(std::string_view file, std::size_t at);
  std::vector<Op> read_generation(std::string_view file, std::int64_t applied);
  void look_behind(std::string_view file, std::int64_t applied) const;
  bool make_file();
  void begin_generation(std::int64_t generation);

  const Options options_;
  const std::string path_;
  std::unique_ptr<PlainFile> file_;
  std::string buffer_;
  std::int64_t generation_ = 1;
  std::uint64_t salt_ = 0;
  /// Where the next record goes, and which it is of its generation.
  std::int64_t end_ = 0;
  std::uint32_t index_ = 0;
  /// Something has been written of this generation, whole or not.
  bool is_begun_ = false;
  /// The file could not be made for want of room: so many records pass before it is tried again.
  int declines_ = 0;
};

}  // namespace leveret::store
