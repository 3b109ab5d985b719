#pragma once

#include <cstddef>
#include <deque>
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

  void push(const std::string& owner, T each) {
    std::deque<T>& line = lines_[owner];
    if (line.empty()) owners_.push_back(owner);
    line.push_back(std::move(each));
    ++size_;
  }
  /// There must be one.
  T pop() {
    const std::string owner = std::move(owners_.front());
    owners_.pop_front();
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
  void clear() { *this = {}; }

 private:
  std::unordered_map<std::string, std::deque<T>> lines_;
  std::deque<std::string> owners_;  // with somebody waiting, the next one first
  std::size_t size_ = 0;
};

}  // namespace leveret
