#include "store/message_table.h"

#include <algorithm>
#include <string>

namespace leveret::store {

MessageTable::MessageTable(Connection& connection, LargeBodies& bodies)
    : bodies_(bodies),
      insert_message_(connection, "INSERT INTO message VALUES (?, ?, ?, ?, ?, ?, ?)"),
      insert_entry_(connection, "INSERT INTO entry VALUES (?, ?, ?, ?, ?, ?)"),
      insert_content_(connection, "INSERT INTO content VALUES (?, ?, ?)"),
      set_delivery_count_(connection, "UPDATE entry SET delivery_count = ?2 WHERE key = ?1"),
      select_entries_(connection,
                      "SELECT key, message, body_bytes, content FROM entry "
                      "WHERE key BETWEEN ? AND ? ORDER BY key LIMIT ?"),
      delete_entries_(connection, "DELETE FROM entry WHERE key BETWEEN ? AND ?"),
      select_places_(connection,
                     "SELECT body FROM message WHERE id BETWEEN ? AND ? AND typeof(body) = 'text'"),
      delete_messages_(connection, "DELETE FROM message WHERE id BETWEEN ? AND ?"),
      select_content_(connection, "SELECT message, refs FROM content WHERE id = ?"),
      set_refs_(connection, "UPDATE content SET refs = ?2 WHERE id = ?1"),
      delete_content_(connection, "DELETE FROM content WHERE id = ?") {}

void MessageTable::insert_message(std::int64_t id, const broker::Message& message, std::int64_t key,
                                  std::int64_t content) {
  insert_message_.bind(1, id);
  insert_message_.bind(2, std::int64_t{message_checksum(id, key, content, message)});
  insert_message_.bind(3, message.published_at());
  insert_message_.bind_text(4, message.exchange());
  insert_message_.bind_text(5, message.routing_key());
  insert_message_.bind_blob(6, message.properties());
  std::string place;
  if (bodies_.takes(message.body())) {
    place = text_of(bodies_.append(message.body()));
    insert_message_.bind_text(7, place);
  } else {
    insert_message_.bind_blob(7, message.body());
  }
  insert_message_.run();
}

void MessageTable::insert_entry(const EntryRow& row) {
  insert_entry_.bind(1, row.key);
  insert_entry_.bind(2, row.message);
  insert_entry_.bind(3, row.body_bytes);
  if (row.content != 0)
    insert_entry_.bind(4, row.content);
  else
    insert_entry_.bind_null(4);
  if (row.delivery_count != 0)
    insert_entry_.bind(5, std::int64_t{row.delivery_count});
  else
    insert_entry_.bind_null(5);
  if (row.expires_at != 0)
    insert_entry_.bind(6, row.expires_at);
  else
    insert_entry_.bind_null(6);
  insert_entry_.run();
}

void MessageTable::insert_content(std::int64_t id, std::int64_t message, std::int64_t refs) {
  insert_content_.bind(1, id);
  insert_content_.bind(2, message);
  insert_content_.bind(3, refs);
  insert_content_.run();
}

void MessageTable::set_delivery_count(std::int64_t key, std::uint32_t count) {
  set_delivery_count_.bind(1, key);
  set_delivery_count_.bind(2, std::int64_t{count});
  set_delivery_count_.run();
}

void MessageTable::remove_entries(std::int64_t first, std::int64_t last, std::int64_t count_max,
                                  Removed& removed) {
  const std::uint64_t before = removed.entry_count;
  {
    select_entries_.bind(1, first);
    select_entries_.bind(2, last);
    select_entries_.bind(3, count_max);
    Rows rows(select_entries_);
    while (rows.next()) {
      removed.entry_count += 1;
      removed.last_key = select_entries_.integer(0);
      removed.body_bytes += static_cast<std::uint64_t>(select_entries_.integer(2));
      if (select_entries_.is_null(3))
        removed.messages.push_back(select_entries_.integer(1));
      else
        removed.contents.push_back(select_entries_.integer(3));
    }
  }
  if (removed.entry_count == before) return;
  delete_entries_.bind(1, first);
  delete_entries_.bind(2, removed.last_key);
  delete_entries_.run();
}

void MessageTable::release(Removed& removed) {
  release_contents(removed);
  auto& ids = removed.messages;
  std::ranges::sort(ids);
  for (std::size_t begin = 0; begin < ids.size();) {
    std::size_t end = begin + 1;
    while (end < ids.size() && ids[end] == ids[end - 1] + 1) ++end;
    delete_messages(ids[begin], ids[end - 1]);
    begin = end;
  }
}

void MessageTable::release_contents(Removed& removed) {
  auto& ids = removed.contents;
  std::ranges::sort(ids);
  for (std::size_t begin = 0; begin < ids.size();) {
    std::size_t end = begin + 1;
    while (end < ids.size() && ids[end] == ids[begin]) ++end;
    std::int64_t message = 0;
    std::int64_t refs = 0;
    select_content_.bind(1, ids[begin]);
    {
      Rows rows(select_content_);
      if (rows.next()) {
        message = select_content_.integer(0);
        refs = select_content_.integer(1) - static_cast<std::int64_t>(end - begin);
      }
    }
    if (refs > 0) {
      set_refs_.bind(1, ids[begin]);
      set_refs_.bind(2, refs);
      set_refs_.run();
    } else {
      delete_content_.bind(1, ids[begin]);
      delete_content_.run();
      removed.messages.push_back(message);
    }
    begin = end;
  }
}

void MessageTable::release_bodies(std::int64_t first, std::int64_t last) {
  select_places_.bind(1, first);
  select_places_.bind(2, last);
  Rows rows(select_places_);
  while (rows.next())
    if (const auto place = read_body_place(select_places_.bytes(0))) bodies_.release(*place);
}

void MessageTable::delete_messages(std::int64_t first, std::int64_t last) {
  if (bodies_.has_any()) release_bodies(first, last);
  delete_messages_.bind(1, first);
  delete_messages_.bind(2, last);
  delete_messages_.run();
}

std::uint32_t message_checksum(std::int64_t id, std::int64_t key, std::int64_t content,
                               const broker::Message& message) {
  Checksum checksum;
  for (const std::int64_t number : {id, key, content, message.published_at()})
    checksum.add(static_cast<std::uint64_t>(number));
  const std::string_view parts[] = {message.exchange(), message.routing_key(), message.properties(),
                                    message.body()};
  for (const auto part : parts) checksum.add(std::uint64_t{part.size()});
  for (const auto part : parts) checksum.add(part);
  return checksum.value();
}

}  // namespace leveret::store
