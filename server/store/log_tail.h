#pragma once

#include <cstdint>
#include <functional>
#include <span>

namespace leveret::store {

/// Reads bytes of a write-ahead log from a place on.
using ReadLog = std::function<void(std::int64_t offset, std::span<char> to)>;

/// How many transactions of a write-ahead log SQLite leaves out although they had been synced: it
/// takes the log up to the first page whose checksum is wrong, and says nothing of what is behind
/// there. The last transaction does not count, since a power cut may have torn it; one that another
/// follows was on disk before that was begun, so a later one tells of damage. 0 also when the log's
/// header is wrong, with which nothing behind it can be told from what an older run has left.
std::int64_t count_lost_transactions(std::int64_t log_bytes, const ReadLog& read);

}  // namespace leveret::store
