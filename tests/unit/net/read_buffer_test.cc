#include "net/read_buffer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace leveret::net {
namespace {

void receive(ReadBuffer& buffer, std::string_view bytes, std::size_t missing_bytes = 0) {
  const std::span<char> room = buffer.prepare(missing_bytes);
  ASSERT_GE(room.size(), bytes.size());
  std::copy(bytes.begin(), bytes.end(), room.begin());
  buffer.commit(bytes.size());
}

TEST(ReadBuffer, KeepsWhatWasNotConsumed) {
  ChunkPool pool;
  ReadBuffer buffer{pool};
  EXPECT_EQ(buffer.view(), "");
  receive(buffer, "abc");
  buffer.consume(1);
  receive(buffer, "de");
  EXPECT_EQ(buffer.view(), "bcde");
  buffer.settle();
  EXPECT_EQ(buffer.view(), "bcde");
}

TEST(ReadBuffer, HoldsNoMemoryWhenEmpty) {
  ChunkPool pool;
  ReadBuffer buffer{pool};
  receive(buffer, "abc");
  buffer.consume(3);
  buffer.settle();
  EXPECT_FALSE(buffer.chunk());
}

TEST(ReadBuffer, AShortRemainderDoesNotHoldAWholeChunk) {
  ChunkPool pool;
  ReadBuffer buffer{pool};
  receive(buffer, "abc");
  buffer.settle();
  EXPECT_LE(buffer.chunk()->capacity(), 1024U);
  receive(buffer, "def");
  EXPECT_EQ(buffer.view(), "abcdef");
}

TEST(ReadBuffer, SessionsOfALoopShareAChunk) {
  ChunkPool pool;
  ReadBuffer first{pool};
  ReadBuffer second{pool};
  receive(first, "abc");
  const Chunk* chunk = first.chunk().get();
  first.consume(3);
  first.settle();
  receive(second, "def");
  EXPECT_EQ(second.chunk().get(), chunk);
}

TEST(ReadBuffer, AChunkThatTheCoreHoldsIsFilledFurtherAndNeverReused) {
  ChunkPool pool;
  ReadBuffer buffer{pool};
  receive(buffer, "abc");
  const Ref<Chunk> held = buffer.chunk();
  const std::string_view view = buffer.view();
  buffer.consume(3);
  buffer.settle();
  receive(buffer, "def");
  EXPECT_EQ(buffer.chunk(), held);
  EXPECT_EQ(buffer.view(), "def");
  EXPECT_EQ(view, "abc");
  receive(buffer, std::string(62'000, 'x'));
  buffer.consume(62'003);
  receive(buffer, std::string(60'000, 'y'));
  EXPECT_FALSE(buffer.chunk() == held);
  EXPECT_EQ(view, "abc");
}

TEST(ReadBuffer, MakesRoomForAFrameThatIsLargerThanAChunk) {
  ChunkPool pool;
  ReadBuffer buffer{pool};
  receive(buffer, std::string(60'000, 'a'));
  receive(buffer, std::string(200'000, 'b'), 200'000);
  EXPECT_EQ(buffer.view(), std::string(60'000, 'a') + std::string(200'000, 'b'));
}

}  // namespace
}  // namespace leveret::net
