#include "store/log_tail.h"

#include <cstddef>
#include <string>
#include <string_view>

namespace leveret::store {
namespace {

// See "The Write-Ahead Log" in SQLite's file format.
constexpr std::int64_t header_bytes = 32;
constexpr std::int64_t frame_header_bytes = 24;
constexpr std::uint32_t magic = 0x377f0682;  // The last bit: checksums are of big-endian numbers.

std::uint32_t number_at(std::string_view bytes, std::size_t at, bool is_big_endian = true) {
  std::uint32_t number = 0;
  for (std::size_t i = 0; i < 4; ++i) {
    const auto byte = static_cast<unsigned char>(bytes[at + (is_big_endian ? i : 3 - i)]);
    number = number << 8U | byte;
  }
  return number;
}

/// Over all that was added, in pieces of eight bytes.
class LogChecksum {
 public:
  explicit LogChecksum(bool is_big_endian) : is_big_endian_(is_big_endian) {}

  void add(std::string_view bytes) {
    for (std::size_t at = 0; at + 8 <= bytes.size(); at += 8) {
      first_ += number_at(bytes, at, is_big_endian_) + second_;
      second_ += number_at(bytes, at + 4, is_big_endian_) + first_;
    }
  }
  /// Whether it stands at that place.
  bool is_at(std::string_view bytes, std::size_t at) const {
    return number_at(bytes, at) == first_ && number_at(bytes, at + 4) == second_;
  }

 private:
  bool is_big_endian_;
  std::uint32_t first_ = 0;
  std::uint32_t second_ = 0;
};

}  // namespace

LogLoss count_lost_transactions(std::int64_t log_bytes, std::int64_t page_bytes,
                                const ReadLog& read) {
  std::string frame(static_cast<std::size_t>(frame_header_bytes + page_bytes), '\0');
  if (log_bytes < header_bytes + std::ssize(frame)) return {};
  std::string header(header_bytes, '\0');
  read(0, header);
  LogChecksum checksum((number_at(header, 0) & 1U) != 0);
  checksum.add(std::string_view{header}.substr(0, 24));
  const bool is_header_right = (number_at(header, 0) & ~1U) == magic &&
                               checksum.is_at(header, 24) && number_at(header, 8) == page_bytes;
  LogLoss loss{.is_whole_log = !is_header_right};
  std::string salts = header.substr(16, 8);
  if (loss.is_whole_log) {
    read(header_bytes, frame);
    salts = frame.substr(8, 8);
    if (salts == std::string(8, '\0')) return {};  // space that waits for its first use
  }
  bool is_whole = !loss.is_whole_log;
  // Transactions behind the damage, and those of them that another follows.
  std::int64_t ended = 0;
  std::int64_t followed = 0;
  for (std::int64_t at = header_bytes; at + std::ssize(frame) <= log_bytes;
       at += std::ssize(frame)) {
    read(at, frame);
    const bool is_of_this_run = frame.compare(8, 8, salts) == 0;
    if (is_whole && is_of_this_run) {
      checksum.add(std::string_view{frame}.substr(0, 8));
      checksum.add(std::string_view{frame}.substr(frame_header_bytes));
    }
    is_whole = is_whole && is_of_this_run && checksum.is_at(frame, 16);
    if (is_whole || !is_of_this_run) continue;
    followed = ended;
    if (number_at(frame, 4) != 0) ++ended;  // The file's length, which ends a transaction.
  }
  loss.transactions = loss.is_whole_log ? ended : followed;
  return loss;
}

}  // namespace leveret::store
