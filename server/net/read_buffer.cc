#include "net/read_buffer.h"

#include <algorithm>
#include <cstring>
#include <new>
#include <utility>

namespace leveret::net {
namespace {

/// Less room than this is not worth a read.
constexpr std::size_t room_min = 4096;
/// An unfinished frame up to this size waits in memory of its own instead of in a whole chunk.
constexpr std::size_t remainder_max = 1024;

}  // namespace

Ref<Chunk> Chunk::make(std::size_t capacity) {
  void* memory = ::operator new(sizeof(Chunk) + capacity);
  return Ref<Chunk>::adopt(new (memory) Chunk(capacity));
}

void Chunk::destroy(Chunk* chunk) {
  chunk->~Chunk();
  ::operator delete(chunk);
}

Ref<Chunk> ChunkPool::take(std::size_t capacity) {
  if (capacity <= chunk_bytes && !chunks_.empty()) {
    Ref<Chunk> chunk = std::move(chunks_.back());
    chunks_.pop_back();
    return chunk;
  }
  return Chunk::make(std::max(capacity, chunk_bytes));
}

void ChunkPool::give_back(Ref<Chunk> chunk) {
  if (chunk && chunk->capacity() >= chunk_bytes && chunk.is_unique() && chunks_.size() < kept_max)
    chunks_.push_back(std::move(chunk));
}

ReadBuffer::~ReadBuffer() {
  // Not to the pool: a session may end on another thread than the one it lived on.
}

std::string_view ReadBuffer::view() const {
  return chunk_ ? std::string_view{chunk_->bytes() + begin_, end_ - begin_} : std::string_view{};
}

std::span<char> ReadBuffer::prepare(std::size_t missing_bytes) {
  const std::size_t room = std::max(missing_bytes, room_min);
  const std::size_t held = end_ - begin_;
  if (!chunk_ || chunk_->capacity() - end_ < room) move_to(pool_.take(held + room));
  return {chunk_->bytes() + end_, chunk_->capacity() - end_};
}

void ReadBuffer::settle() {
  if (!chunk_ || !chunk_.is_unique()) return;
  const std::size_t held = end_ - begin_;
  if (held == 0) {
    pool_.give_back(std::exchange(chunk_, {}));
    begin_ = end_ = 0;
  } else if (held <= remainder_max && chunk_->capacity() > remainder_max) {
    move_to(Chunk::make(remainder_max));
  }
}

void ReadBuffer::move_to(Ref<Chunk> chunk) {
  const std::string_view held = view();
  if (!held.empty()) std::memcpy(chunk->bytes(), held.data(), held.size());
  begin_ = 0;
  end_ = held.size();
  pool_.give_back(std::exchange(chunk_, std::move(chunk)));
}

}  // namespace leveret::net
