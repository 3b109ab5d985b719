#include "store/batch.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace leveret::store {

void Batch::take(Batch& later) {
  if (is_empty()) {
    std::swap(*this, later);  // Both keep their memory.
    later.clear();
    return;
  }
  const std::size_t before = ops.size();
  ops.insert(ops.end(), std::move_iterator(later.ops.begin()), std::move_iterator(later.ops.end()));
  for (Turn turn : later.turns) {
    turn.ops_begin += before;
    turn.ops_end += before;
    turns.push_back(turn);
  }
  bytes += later.bytes;
  later.clear();
}

std::size_t Batch::turns_that_append(std::size_t messages, std::size_t bytes_min) const {
  if (ops.size() < messages || bytes < bytes_min) return turns.size();
  std::size_t appended = 0;
  std::size_t bytes_there = 0;
  std::size_t count = 0;
  for (; count < turns.size() && (appended < messages || bytes_there < bytes_min); ++count) {
    const auto appends = std::ranges::count(ops_of(turns[count]), Op::Kind::append, &Op::kind);
    appended += static_cast<std::size_t>(appends);
    bytes_there += turns[count].bytes;
  }
  return count;
}

Batch Batch::take_settled() {
  const auto last = std::ranges::find_if(turns.rbegin(), turns.rend(), &Turn::only_removes);
  const bool is_none = last == turns.rend();
  return take_front(is_none ? turns.size() : static_cast<std::size_t>(last.base() - turns.begin()));
}

Batch Batch::take_front(std::size_t turn_count) {
  if (turn_count == turns.size()) return std::exchange(*this, {});
  if (turn_count == 0) return {};
  const auto turns_end = turns.begin() + static_cast<std::ptrdiff_t>(turn_count);
  const auto ops_end = ops.begin() + static_cast<std::ptrdiff_t>(std::prev(turns_end)->ops_end);
  Batch front;
  front.ops.assign(std::move_iterator(ops.begin()), std::move_iterator(ops_end));
  front.turns.assign(turns.begin(), turns_end);
  for (const Turn& turn : front.turns) front.bytes += turn.bytes;
  ops.erase(ops.begin(), ops_end);
  turns.erase(turns.begin(), turns_end);
  for (Turn& turn : turns) {
    turn.ops_begin -= front.ops.size();
    turn.ops_end -= front.ops.size();
  }
  bytes -= front.bytes;
  return front;
}

std::size_t Batch::count_appends() const {
  return static_cast<std::size_t>(std::ranges::count(ops, Op::Kind::append, &Op::kind));
}

std::uint64_t Batch::message_count() const {
  constexpr std::uint64_t most = 1'000'000;
  std::uint64_t count = 0;
  for (const Op& op : ops) count += std::min(op.message_count(), most);
  return count;
}

void Batch::clear() {
  ops.clear();
  turns.clear();
  bytes = 0;
}

}  // namespace leveret::store
