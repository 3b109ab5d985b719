#pragma once

#include <cstdint>
#include <functional>
#include <span>

namespace leveret::store {

/// Reads bytes of a write-ahead log from a place on.
using ReadLog = std::function<void(std::int64_t offset, std::span<char> to)>;

/// What SQLite leaves out of a write-ahead log, and says nothing of.
struct LogLoss {
  std::int64_t transactions = 0;
  /// Nothing of the log can be read, so these are all that are in it; those that had been copied
  /// into the file are there.
  bool is_whole_log = false;
};

/// How many transactions of a write-ahead log SQLite leaves out although they had been synced: it
/// takes the log up to the first page whose checksum is wrong. The last transaction does not count,
/// since a power cut may have torn it; one that another follows was on disk before that was begun,
/// so a later one tells of damage. With a wrong header SQLite takes nothing; then all transactions
/// count that have the salts of the first page, the last one too. `page_bytes` is the database's.
LogLoss count_lost_transactions(std::int64_t log_bytes, std::int64_t page_bytes,
                                const ReadLog& read);

}  // namespace leveret::store
