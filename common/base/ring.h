#pragma once

#include <algorithm>
#include <compare>
#include <cstddef>
#include <iterator>
#include <memory>
#include <type_traits>
#include <utility>

namespace leveret {

/// What comes in at one end and goes out at the other, in one block of memory that doubles as it
/// fills. Unlike std::deque it takes no memory while it is empty (that takes 600 bytes, three of
/// which are in each queue), and a push moves what is there now and then: references do not last.
/// When it becomes empty it keeps room for `kept_bytes`, so that one that is now empty and now not
/// does not allocate each time, and no more, so that one that was once long does not hold it.
template <class T, std::size_t kept_bytes = std::size_t{8} << 10U>
class Ring {
  static_assert(std::is_nothrow_move_constructible_v<T>);
  static_assert(std::is_nothrow_move_assignable_v<T>);

  template <bool is_const>
  class Iterator;

 public:
  using value_type = T;
  using iterator = Iterator<false>;
  using const_iterator = Iterator<true>;

  Ring() = default;
  Ring(Ring&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)),
        capacity_(std::exchange(other.capacity_, 0)),
        first_(std::exchange(other.first_, 0)),
        size_(std::exchange(other.size_, 0)) {}
  Ring& operator=(Ring&& other) noexcept {
    Ring moved{std::move(other)};
    std::swap(data_, moved.data_);
    std::swap(capacity_, moved.capacity_);
    std::swap(first_, moved.first_);
    std::swap(size_, moved.size_);
    return *this;
  }
  ~Ring() { clear(); }

  bool empty() const { return size_ == 0; }
  std::size_t size() const { return size_; }
  /// How many it has room for now.
  std::size_t capacity() const { return capacity_; }

  T& operator[](std::size_t index) { return data_[(first_ + index) & (capacity_ - 1)]; }
  const T& operator[](std::size_t index) const { return data_[(first_ + index) & (capacity_ - 1)]; }
  T& front() { return (*this)[0]; }
  const T& front() const { return (*this)[0]; }
  T& back() { return (*this)[size_ - 1]; }
  const T& back() const { return (*this)[size_ - 1]; }

  void push_back(T value) {
    if (size_ == capacity_) grow();
    std::construct_at(&(*this)[size_], std::move(value));
    ++size_;
  }
  void pop_front() {
    std::destroy_at(&front());
    first_ = (first_ + 1) & (capacity_ - 1);
    if (--size_ == 0) release(kept_max);
  }
  void pop_back() {
    std::destroy_at(&back());
    if (--size_ == 0) release(kept_max);
  }
  void clear() {
    for (T& value : *this) std::destroy_at(&value);
    size_ = 0;
    release(0);
  }

  iterator begin() { return {this, 0}; }
  iterator end() { return {this, size_}; }
  const_iterator begin() const { return {this, 0}; }
  const_iterator end() const { return {this, size_}; }

  /// Removes one from the middle; what stands behind it moves up.
  void erase(iterator at) {
    std::move(at + 1, end(), at);
    pop_back();
  }
  void erase(iterator from, iterator to) {
    const iterator kept = std::move(to, end(), from);
    for (auto count = end() - kept; count > 0; --count) pop_back();
  }

 private:
  static constexpr std::size_t capacity_min = 4;
  static constexpr std::size_t kept_max = kept_bytes / sizeof(T);

  void grow() {
    const std::size_t larger = std::max(capacity_min, 2 * capacity_);
    T* data = std::allocator<T>{}.allocate(larger);
    for (std::size_t i = 0; i < size_; ++i) {
      std::construct_at(data + i, std::move((*this)[i]));
      std::destroy_at(&(*this)[i]);
    }
    if (data_) std::allocator<T>{}.deallocate(data_, capacity_);
    data_ = data;
    capacity_ = larger;
    first_ = 0;
  }
  void release(std::size_t kept) {
    first_ = 0;
    if (capacity_ <= kept || data_ == nullptr) return;
    std::allocator<T>{}.deallocate(data_, capacity_);
    data_ = nullptr;
    capacity_ = 0;
  }

  T* data_ = nullptr;
  std::size_t capacity_ = 0;  // a power of two, or 0
  std::size_t first_ = 0;
  std::size_t size_ = 0;
};

template <class T, std::size_t kept_bytes>
template <bool is_const>
class Ring<T, kept_bytes>::Iterator {
  using Of = std::conditional_t<is_const, const Ring, Ring>;

 public:
  using value_type = T;
  using difference_type = std::ptrdiff_t;
  using reference = std::conditional_t<is_const, const T&, T&>;
  using pointer = std::conditional_t<is_const, const T*, T*>;
  using iterator_category = std::random_access_iterator_tag;

  Iterator() = default;
  Iterator(Of* ring, std::size_t index) : ring_(ring), index_(index) {}

  reference operator*() const { return (*ring_)[index_]; }
  pointer operator->() const { return &(*ring_)[index_]; }
  reference operator[](difference_type n) const { return *(*this + n); }

  Iterator& operator+=(difference_type n) {
    index_ += static_cast<std::size_t>(n);
    return *this;
  }
  Iterator& operator-=(difference_type n) { return *this += -n; }
  Iterator& operator++() { return *this += 1; }
  Iterator& operator--() { return *this += -1; }
  Iterator operator++(int) { return std::exchange(*this, *this + 1); }
  Iterator operator--(int) { return std::exchange(*this, *this - 1); }
  friend Iterator operator+(Iterator at, difference_type n) { return at += n; }
  friend Iterator operator+(difference_type n, Iterator at) { return at += n; }
  friend Iterator operator-(Iterator at, difference_type n) { return at -= n; }
  friend difference_type operator-(const Iterator& a, const Iterator& b) {
    return static_cast<difference_type>(a.index_) - static_cast<difference_type>(b.index_);
  }
  friend bool operator==(const Iterator& a, const Iterator& b) { return a.index_ == b.index_; }
  friend auto operator<=>(const Iterator& a, const Iterator& b) { return a.index_ <=> b.index_; }

 private:
  Of* ring_ = nullptr;
  std::size_t index_ = 0;
};

/// As std::erase_if does with the containers of the standard library.
template <class T, std::size_t kept_bytes, class Predicate>
void erase_if(Ring<T, kept_bytes>& ring, Predicate is_to_go) {
  ring.erase(std::remove_if(ring.begin(), ring.end(), is_to_go), ring.end());
}

}  // namespace leveret
