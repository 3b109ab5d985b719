#include "store/large_bodies.h"

#include <algorithm>
#include <utility>

#include "store/row_crc.h"

namespace leveret::store {
namespace {

/// So that all of a body's blocks can be given back.
constexpr std::int64_t block_bytes = 4096;

std::int64_t whole_blocks(std::int64_t bytes) {
  return (bytes + block_bytes - 1) / block_bytes * block_bytes;
}

}  // namespace

LargeBodies::LargeBodies(Connection& connection, BodyFiles files, const LargeBodyLimits& limits)
    : connection_(connection),
      files_(std::move(files)),
      limits_(limits),
      put_count_(connection, "INSERT OR REPLACE INTO body_file " + checked_values(2)),
      drop_count_(connection, "DELETE FROM body_file WHERE number = ?") {
  Statement select(connection_, "SELECT number, wanted FROM body_file ORDER BY number");
  Rows rows(select);
  while (rows.next()) counts_[select.integer(0)] = select.integer(1);
  for (const auto& [file, count] : counts_) {
    wanted_ += count;
    if (count == 0) {
      files_.remove(file);
      forgotten_.push_back(file);
    } else if (!files_.exists(file)) {
      throw StoreError(connection_.file() + " is damaged: " + files_.path(file) +
                           " is missing, with the bodies of " + std::to_string(count) +
                           " messages. Nothing was changed. Put the file back, or restore the data "
                           "directory from a backup",
                       SQLITE_CORRUPT);
    }
  }
  if (counts_.empty()) return;
  const auto [last, count] = *counts_.rbegin();
  // What an unfinished transaction has left there is passed over.
  end_ = count == 0 ? End{last + 1, 0}
                    : End{last, whole_blocks(BodyFile{files_, last, BodyFile::Use::read}.size())};
}

void LargeBodies::begin() {
  look_for_a_file();
  changes_.clear();
  freed_.clear();
  ended_.clear();
  is_unsynced_ = false;  // Of a transaction that came to nothing.
  new_end_ = end_;
}

void LargeBodies::look_for_a_file() {
  auto next = counts_.upper_bound(looked_for_);
  if (next == counts_.end()) next = counts_.begin();
  if (next == counts_.end()) return;
  looked_for_ = next->first;
  // Of one without bodies the reader may just have been asked to remove it.
  if (next->second == 0 || files_.exists(looked_for_)) return;
  throw StoreError(gone_text(files_.path(looked_for_),
                             "The bodies of " + std::to_string(next->second) +
                                 " messages were in it. Nothing is confirmed from now on, and the "
                                 "broker ends. Put the file back, or restore the data directory "
                                 "from a backup"),
                   SQLITE_READONLY_DBMOVED);
}

void LargeBodies::release(const BodyPlace& place) {
  --changes_[place.file];
  freed_.push_back(place);
}

BodyPlace LargeBodies::append(std::string_view body) {
  const auto bytes = static_cast<std::int64_t>(body.size());
  const bool is_full = new_end_.offset > 0 && new_end_.offset + bytes > limits_.file_bytes;
  if (new_end_.file == 0 || is_full) {  // The first is number 1.
    sync_written();
    if (is_full) ended_.push_back(new_end_.file);
    new_end_ = {new_end_.file + 1, 0};
  }
  writable_end().write(new_end_.offset, body);
  is_unsynced_ = true;
  const BodyPlace place{new_end_.file, new_end_.offset, bytes};
  new_end_.offset += whole_blocks(bytes);
  ++changes_[place.file];
  return place;
}

BodyFile& LargeBodies::writable_end() {
  if (open_ && open_->number() == new_end_.file) return *open_;
  open_ = nullptr;
  // What a transaction that came to nothing has left may have a name that was never made durable.
  if (new_end_.offset == 0) files_.remove(new_end_.file);
  open_ = std::make_unique<BodyFile>(files_, new_end_.file, BodyFile::Use::write);
  return *open_;
}

void LargeBodies::sync_written() {
  if (!std::exchange(is_unsynced_, false) || !limits_.syncs) return;
  open_->sync();
}

void LargeBodies::finish() {
  sync_written();
  for (const std::int64_t file : forgotten_) {
    drop_count_.bind(1, file);
    drop_count_.run();
  }
  for (const auto& [file, change] : changes_) {
    put_count_.bind(1, file);
    put_count_.bind(2, count_of(file) + change);
    put_count_.run();
  }
}

std::int64_t LargeBodies::count_of(std::int64_t file) const {
  const auto found = counts_.find(file);
  return found == counts_.end() ? 0 : found->second;
}

FreedBodies LargeBodies::committed() {
  for (const std::int64_t file : std::exchange(forgotten_, {})) counts_.erase(file);
  // The last file, too, may have ended by this, with nothing in it any more.
  if (new_end_.file != end_.file && counts_.contains(end_.file)) changes_.try_emplace(end_.file, 0);
  end_ = new_end_;
  FreedBodies freed;
  for (const auto& [file, change] : std::exchange(changes_, {})) {
    counts_[file] += change;
    wanted_ += change;
    if (is_over(file)) freed.files.push_back(file);
  }
  const auto is_freed = [&freed](std::int64_t file) {
    return std::ranges::find(freed.files, file) != freed.files.end();
  };
  std::ranges::sort(freed_, {}, [](const BodyPlace& p) { return std::pair(p.file, p.offset); });
  for (const BodyPlace& place : std::exchange(freed_, {})) {
    if (is_freed(place.file)) continue;
    const std::int64_t bytes = whole_blocks(place.bytes);
    BodyPlace* last = freed.holes.empty() ? nullptr : &freed.holes.back();
    if (last && last->file == place.file && last->offset + last->bytes == place.offset)
      last->bytes += bytes;
    else
      freed.holes.push_back({place.file, place.offset, bytes});
  }
  freed.ended = std::exchange(ended_, {});
  if (is_freed(end_.file)) end_ = {end_.file + 1, 0};
  if (open_ && is_freed(open_->number())) open_ = nullptr;
  return freed;
}

/// Whether a file has had its time: nothing in it is wanted, and no more is written to it, or so
/// much has been that another is begun.
bool LargeBodies::is_over(std::int64_t file) const {
  return count_of(file) == 0 && (file != end_.file || end_.offset >= limits_.file_bytes / 4);
}

void LargeBodies::removed(const std::vector<std::int64_t>& files) {
  forgotten_.insert(forgotten_.end(), files.begin(), files.end());
}

}  // namespace leveret::store
