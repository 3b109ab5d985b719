#include "store/redo_log.h"

#include <algorithm>
#include <utility>

#include "amqp/reply_code.h"
#include "amqp/wire.h"
#include "base/log.h"
#include "store/checksum.h"
#include "store/redo_record.h"
#include "store/sqlite.h"

namespace leveret::store {
namespace {

constexpr std::size_t block_bytes = 4096;
constexpr std::uint32_t magic = 0x4c765230;  // "LvR0"
constexpr std::size_t unchecked_bytes = 8;   // magic and checksum
constexpr std::size_t header_bytes = 32;
/// A batch that is longer is as cheap by a transaction.
constexpr std::size_t record_bytes_most = 128 << 10;
constexpr int declines_when_full = 1000;

constexpr std::size_t whole_blocks(std::size_t bytes) {
  return (bytes + block_bytes - 1) / block_bytes * block_bytes;
}

std::uint32_t checksum_of(std::string_view bytes) {
  Checksum checksum;
  checksum.add(bytes);
  return checksum.value();
}

}  // namespace

RedoLog::RedoLog(Options options)
    : options_(std::move(options)), path_(options_.store_file + "-redo") {}

std::optional<RedoLog::Record> RedoLog::parse(std::string_view file, std::size_t at) {
  if (file.size() < at + header_bytes) return std::nullopt;
  amqp::Reader from(file.substr(at));
  if (from.read_u32() != magic) return std::nullopt;
  const std::uint32_t crc = from.read_u32();
  Record record;
  record.generation = static_cast<std::int64_t>(from.read_u64());
  record.salt = from.read_u64();
  record.index = from.read_u32();
  const std::uint32_t size = from.read_u32();
  if (size > from.remaining()) return std::nullopt;
  record.ops = from.take(size);
  const std::string_view checked =
      file.substr(at + unchecked_bytes, header_bytes - unchecked_bytes + size);
  if (checksum_of(checked) != crc) return std::nullopt;
  return record;
}

std::vector<Op> RedoLog::recover(std::int64_t applied) {
  begin_generation(applied + 1);
  if (!file_exists(path_, options_.vfs)) {  // or it is empty
    remove();
    return {};
  }
  std::string file;
  {
    PlainFile from(path_, options_.vfs, PlainFile::Use::read);
    file.resize(static_cast<std::size_t>(from.size()));
    from.read(0, file);
  }
  std::vector<Op> ops = read_generation(file, applied);
  look_behind(file, applied);
  return ops;
}

/// Also finds its number and its end.
std::vector<Op> RedoLog::read_generation(std::string_view file, std::int64_t applied) {
  std::vector<Op> ops;
  while (const auto record = parse(file, static_cast<std::size_t>(end_))) {
    const bool is_first = index_ == 0;
    if (is_first && record->generation <= applied) break;
    if (is_first && record->generation > applied + 1)
      log::error(path_ + " is newer than " + options_.store_file +
                 ": confirmed messages may be missing. If you have a backup of the data directory, "
                 "compare it");
    const bool is_next = record->generation == generation_ && record->salt == salt_;
    if (record->index != index_ || !(is_first || is_next)) break;
    generation_ = record->generation;
    salt_ = record->salt;
    try {
      for (Op& op : read_ops(record->ops)) ops.push_back(std::move(op));
    } catch (const amqp::Error& error) {
      throw StoreError(path_ + " is damaged: " + error.what() +
                           ". Nothing was changed. Restore the data directory from a backup, or "
                           "move this file away: what was confirmed last is then missing",
                       SQLITE_CORRUPT);
    }
    ++index_;
    is_begun_ = true;
    end_ += static_cast<std::int64_t>(whole_blocks(header_bytes + record->ops.size()));
  }
  return ops;
}

/// What is damaged ends the row, and what would follow it cannot be applied without it; but nobody
/// has to find that out by himself.
void RedoLog::look_behind(std::string_view file, std::int64_t applied) const {
  bool is_used = index_ > 0;
  std::int64_t lost = 0;
  for (auto at = static_cast<std::size_t>(end_); at < file.size(); at += block_bytes) {
    const auto record = parse(file, at);
    if (!record) continue;
    is_used = true;
    const bool is_of_these = index_ == 0
                                 ? record->generation > applied
                                 : record->generation == generation_ && record->salt == salt_;
    if (is_of_these && record->index > index_) ++lost;
  }
  if (lost > 0)
    log::error(
        path_ + " is damaged: " + std::to_string(lost) +
        " records or more cannot be read any more, and confirmed messages may be missing. All "
        "before them is there. If you have a backup of the data directory, compare it");
  // Its name was made durable before its first record, and perhaps not if there never was one.
  if (!is_used) remove();
}

void RedoLog::remove() const {
  remove_file(path_, options_.vfs);
}

std::size_t RedoLog::record_bytes_max() const {
  const auto bytes = static_cast<std::size_t>(options_.bytes);
  return bytes <= header_bytes ? 0 : std::min(record_bytes_most, bytes) - header_bytes;
}

bool RedoLog::write(std::string_view ops) {
  const std::size_t size = whole_blocks(header_bytes + ops.size());
  if (end_ + static_cast<std::int64_t>(size) > options_.bytes) return false;
  if (!file_ && !make_file()) return false;
  buffer_.assign(unchecked_bytes, '\0');
  amqp::Writer to(buffer_);
  to.write_u64(static_cast<std::uint64_t>(generation_));
  to.write_u64(salt_);
  to.write_u32(index_);
  to.write_long_string(ops);
  const std::uint32_t crc = checksum_of(std::string_view{buffer_}.substr(unchecked_bytes));
  to.patch_u32(0, magic);
  to.patch_u32(4, crc);
  buffer_.resize(size, '\0');
  is_begun_ = true;
  try {
    file_->write(end_, buffer_);
  } catch (const StoreError& error) {
    // Where nothing is ever written over what was there, there may be no room all the same.
    if (!error.is_disk_full()) throw;
    return false;
  }
  if (options_.syncs) file_->sync();
  end_ += static_cast<std::int64_t>(size);
  ++index_;
  return true;
}

std::optional<std::int64_t> RedoLog::unapplied() const {
  return is_begun_ ? std::optional{generation_} : std::nullopt;
}

void RedoLog::applied() {
  if (is_begun_) begin_generation(generation_ + 1);
}

void RedoLog::begin_generation(std::int64_t generation) {
  generation_ = generation;
  sqlite3_randomness(sizeof(salt_), &salt_);
  end_ = 0;
  index_ = 0;
  is_begun_ = false;
}

/// With all of its blocks, written and synced once: to write over them is much faster than to make
/// the file longer.
bool RedoLog::make_file() {
  if (declines_ > 0) {
    --declines_;
    return false;
  }
  try {
    file_ = std::make_unique<PlainFile>(path_, options_.vfs, PlainFile::Use::write);
    const std::int64_t size = file_->size();
    if (size < options_.bytes) {
      file_->write(size, std::string(static_cast<std::size_t>(options_.bytes - size), '\0'));
      if (options_.syncs) file_->sync();
    }
  } catch (const StoreError& error) {
    if (!error.is_disk_full()) throw;
    if (std::exchange(file_, nullptr)) remove_file(path_, options_.vfs);
    declines_ = declines_when_full;
  }
  return file_ != nullptr;
}

}  // namespace leveret::store
