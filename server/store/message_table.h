#pragma once

#include <cstdint>
#include <vector>

#include "broker/message.h"
#include "store/checksum.h"
#include "store/large_bodies.h"
#include "store/sqlite.h"

namespace leveret::store {

struct EntryRow {
  std::int64_t key = 0;
  std::int64_t message = 0;
  std::int64_t body_bytes = 0;
  /// 0 for a message that has no other entry.
  std::int64_t content = 0;
  std::uint32_t delivery_count = 0;
  /// 0 unless the message has an expiration of its own. Milliseconds since the Unix epoch.
  TimeMs expires_at = 0;
};

/// Entries that were deleted, and what must go with them.
struct Removed {
  std::uint64_t entry_count = 0;
  std::uint64_t body_bytes = 0;
  std::int64_t last_key = 0;
  /// Messages that had no other entry.
  std::vector<std::int64_t> messages;
  /// One for each entry that shared its message.
  std::vector<std::int64_t> contents;
};

/// Writes `message`, `entry` and `content`. Lives on the writer's thread; every call is part of its
/// transaction and throws StoreError.
class MessageTable {
 public:
  /// `bodies` outlives it; they are in the same transactions.
  MessageTable(Connection& connection, LargeBodies& bodies);

  /// `key` is that of the only entry, or 0 with the content that shares it.
  void insert_message(std::int64_t id, const broker::Message& message, std::int64_t key,
                      std::int64_t content);
  void insert_entry(const EntryRow& row);
  void insert_content(std::int64_t id, std::int64_t message, std::int64_t refs);
  void set_delivery_count(std::int64_t key, std::uint32_t count);

  /// Deletes entries with first <= key <= last, at most `count_max` (-1: all), and adds them to
  /// `removed`.
  void remove_entries(std::int64_t first, std::int64_t last, std::int64_t count_max,
                      Removed& removed);
  /// Deletes the messages that nothing refers to any more. Sorts the lists of `removed`.
  void release(Removed& removed);

 private:
  void release_contents(Removed& removed);
  void release_bodies(std::int64_t first, std::int64_t last);
  void delete_messages(std::int64_t first, std::int64_t last);

  LargeBodies& bodies_;
  Statement insert_message_;
  Statement insert_entry_;
  Statement insert_content_;
  Statement set_delivery_count_;
  Statement select_entries_;
  Statement delete_entries_;
  Statement select_places_;
  Statement delete_messages_;
  Statement select_content_;
  Statement set_refs_;
  Statement delete_content_;
};

/// The checksum of a message's row. It covers the row's id and what the row belongs to, so that
/// neither another message's bytes nor another entry's message can pass for it.
std::uint32_t message_checksum(std::int64_t id, std::int64_t key, std::int64_t content,
                               const broker::Message& message);

}  // namespace leveret::store
