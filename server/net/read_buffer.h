#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "base/blob.h"

namespace leveret::net {

/// Memory that a socket is read into. Commands handed to the core hold it by reference, because
/// their views point into it; it goes back to no pool then, but is freed by the last holder.
class Chunk final : public RefCounted {
 public:
  static Ref<Chunk> make(std::size_t capacity);
  static void destroy(Chunk* chunk);

  char* bytes() { return reinterpret_cast<char*>(this + 1); }
  std::size_t capacity() const { return capacity_; }

 private:
  explicit Chunk(std::size_t capacity) : capacity_(capacity) {}
  std::size_t capacity_;
};

/// Chunks that nobody reads into at the moment, shared by all sessions of one loop, so that an idle
/// connection holds none.
class ChunkPool {
 public:
  static constexpr std::size_t chunk_bytes = 65536;

  /// At least `capacity` bytes.
  Ref<Chunk> take(std::size_t capacity);
  /// Keeps it for the next take(), unless somebody else still holds it.
  void give_back(Ref<Chunk> chunk);

 private:
  static constexpr std::size_t kept_max = 8;
  std::vector<Ref<Chunk>> chunks_;
};

/// The bytes of one connection that were read and not used up yet.
class ReadBuffer {
 public:
  explicit ReadBuffer(ChunkPool& pool) : pool_(pool) {}
  ~ReadBuffer();
  ReadBuffer(const ReadBuffer&) = delete;
  ReadBuffer& operator=(const ReadBuffer&) = delete;

  std::string_view view() const;
  /// Where to read to: room for at least `missing_bytes`, or for a good read when that is 0.
  std::span<char> prepare(std::size_t missing_bytes);
  void commit(std::size_t size) { end_ += size; }
  void consume(std::size_t size) { begin_ += size; }
  /// Before a wait: gives the memory back, but for what has come of an unfinished frame, and keeps
  /// on filling a chunk that the core holds anyway.
  void settle();
  /// Keeps alive what view() pointed to.
  Ref<Chunk> chunk() const { return chunk_; }

 private:
  void move_to(Ref<Chunk> chunk);

  ChunkPool& pool_;
  Ref<Chunk> chunk_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

}  // namespace leveret::net
