#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <utility>

namespace leveret::net {

/// One connection's place among all that a server has: counted from its making until the last
/// owner has gone, or has left it.
class Place {
 public:
  using Count = std::shared_ptr<std::atomic<std::size_t>>;

  explicit Place(Count count) : count_(std::move(count)) { ++*count_; }
  ~Place() { leave(); }
  Place(Place&&) noexcept = default;
  Place& operator=(Place&& other) noexcept {
    std::swap(count_, other.count_);
    return *this;
  }
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;

  void leave() {
    if (count_) --*std::exchange(count_, nullptr);
  }

 private:
  Count count_;
};

}  // namespace leveret::net
