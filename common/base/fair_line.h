#pragma once

#include <algorithm>
#include <cstddef>
#include <deque>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>

namespace leveret {

/// Who waits, in a line for each owner: the next one is the first of the owner who has waited
/// longest for his turn. Whoever has much to do waits for his own.
template <class T>
class FairLine {
 public:
  bool empty() const { return owners_.empty(); }
  std::size_t size() const { return size_; }
  std::size_t size_of(const std::string& owner) const {
    const auto line = lines_.find(owner);
    return line == lines_.end() ? 0 : line->second.size();
  }

  void push(const std::string& owner, T each) {
    std::deque<T>& line = lines_[owner];
    if (line.empty()) owners_.push_back(owner);
    line.push_back(std::move(each));
    ++size_;
  }
  /// There must be one.
  T pop() { return take(owners_.begin()); }
  /// The next one whose owner may have a turn; nothing when none may.
  template <class MayHaveTurn>
  std::optional<T> pop_if(MayHaveTurn may_have_turn) {
    const auto owner = std::find_if(owners_.begin(), owners_.end(), may_have_turn);
    if (owner == owners_.end()) return std::nullopt;
    return take(owner);
  }
  /// Those with somebody waiting, the next one first.
  const std::deque<std::string>& owners() const { return owners_; }
  void clear() { *this = {}; }

 private:
  T take(std::deque<std::string>::iterator at) {
    const std::string owner = std::move(*at);
    owners_.erase(at);
    const auto line = lines_.find(owner);
    T next = std::move(line->second.front());
    line->second.pop_front();
    if (line->second.empty())
      lines_.erase(line);
    else
      owners_.push_back(owner);
    --size_;
    return next;
  }

  std::unordered_map<std::string, std::deque<T>> lines_;
  std::deque<std::string> owners_;
  std::size_t size_ = 0;
};

}  // namespace leveret
