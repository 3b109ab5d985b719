#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

namespace leveret {

/// Base of objects that are shared between threads and destroyed by the last holder.
/// The derived class says how by `static void destroy(const Derived*)`.
class RefCounted {
 public:
  RefCounted() = default;
  RefCounted(const RefCounted&) = delete;
  RefCounted& operator=(const RefCounted&) = delete;

 protected:
  ~RefCounted() = default;

 private:
  template <class T>
  friend class Ref;
  mutable std::atomic<std::uint32_t> references_{1};
};

/// A counted pointer to a RefCounted object. One word; copying is one relaxed increment.
template <class T>
class Ref {
 public:
  Ref() = default;
  Ref(const Ref& other) : object_(other.object_) {
    if (object_) object_->references_.fetch_add(1, std::memory_order_relaxed);
  }
  Ref(Ref&& other) noexcept : object_(std::exchange(other.object_, nullptr)) {}
  Ref& operator=(Ref other) noexcept {
    std::swap(object_, other.object_);
    return *this;
  }
  ~Ref() {
    if (object_ && object_->references_.fetch_sub(1, std::memory_order_acq_rel) == 1)
      T::destroy(object_);
  }

  /// Takes over the reference that a new object is born with.
  static Ref adopt(T* object) {
    Ref ref;
    ref.object_ = object;
    return ref;
  }

  T* get() const { return object_; }
  T& operator*() const { return *object_; }
  T* operator->() const { return object_; }
  explicit operator bool() const { return object_ != nullptr; }
  bool operator==(const Ref& other) const { return object_ == other.object_; }
  /// True when nobody else holds the object; only meaningful to the one holder.
  bool is_unique() const { return object_->references_.load(std::memory_order_acquire) == 1; }

 private:
  T* object_ = nullptr;
};

/// Immutable bytes in one allocation, shared by reference.
class Blob final : public RefCounted {
 public:
  static Ref<const Blob> copy(std::string_view bytes);
  static void destroy(const Blob* blob);

  std::string_view view() const { return {reinterpret_cast<const char*>(this + 1), size_}; }
  std::size_t size() const { return size_; }

 private:
  explicit Blob(std::size_t size) : size_(size) {}
  std::size_t size_;
};
using BlobRef = Ref<const Blob>;

}  // namespace leveret
