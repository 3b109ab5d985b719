#include "base/blob.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace leveret {
namespace {

/// Says when it is destroyed.
class Witness final : public RefCounted {
 public:
  static Ref<const Witness> make(int& destroyed) {
    return Ref<const Witness>::adopt(new Witness{destroyed});
  }
  static void destroy(const Witness* witness) {
    ++witness->destroyed_;
    std::default_delete<const Witness>{}(witness);
  }

 private:
  friend std::default_delete<const Witness>;
  explicit Witness(int& destroyed) : destroyed_(destroyed) {}
  ~Witness() = default;
  int& destroyed_;
};

TEST(Ref, LastHolderDestroys) {
  int destroyed = 0;
  auto first = Witness::make(destroyed);
  {
    const auto second = first;
    first = {};
    EXPECT_EQ(destroyed, 0);
  }
  EXPECT_EQ(destroyed, 1);
}

TEST(Ref, MovingHandsTheReferenceOver) {
  int destroyed = 0;
  auto first = Witness::make(destroyed);
  const Witness* object = first.get();
  auto second = std::move(first);
  EXPECT_EQ(second.get(), object);
  EXPECT_TRUE(second.is_unique());
  second = {};
  EXPECT_EQ(destroyed, 1);
}

TEST(Ref, AssignmentReleasesWhatWasHeld) {
  int destroyed = 0;
  auto first = Witness::make(destroyed);
  auto second = Witness::make(destroyed);
  first = second;
  EXPECT_EQ(destroyed, 1);
  EXPECT_EQ(first, second);
  EXPECT_FALSE(first.is_unique());
}

TEST(Ref, AssignmentToItselfKeepsTheObject) {
  int destroyed = 0;
  auto ref = Witness::make(destroyed);
  const auto& same = ref;
  ref = same;
  EXPECT_EQ(destroyed, 0);
  EXPECT_TRUE(ref.is_unique());
}

TEST(Ref, EmptyOneHoldsNothing) {
  const BlobRef none;
  const BlobRef copy = none;
  EXPECT_FALSE(copy);
  EXPECT_EQ(copy.get(), nullptr);
  EXPECT_EQ(none, copy);
}

TEST(Blob, CopiesItsBytes) {
  std::string source{"a\0b", 3};
  const BlobRef blob = Blob::copy(source);
  source.assign(3, 'x');
  EXPECT_EQ(blob->view(), (std::string_view{"a\0b", 3}));
  EXPECT_EQ(blob->size(), 3U);
}

TEST(Blob, MayBeEmpty) {
  const BlobRef blob = Blob::copy({});
  ASSERT_TRUE(blob);
  EXPECT_EQ(blob->size(), 0U);
  EXPECT_EQ(blob->view(), "");
}

/// The one thing that threads share: made for ThreadSanitizer, which sees a read that is not
/// ordered before the last holder's free.
TEST(Blob, ManyThreadsMayHoldIt) {
  constexpr int thread_count = 4;
  constexpr int rounds = 2000;
  for (int round = 0; round < 20; ++round) {
    BlobRef blob = Blob::copy("shared");
    std::vector<std::thread> threads;
    for (int i = 0; i < thread_count; ++i)
      threads.emplace_back([held = blob] {
        for (int k = 0; k < rounds; ++k) {
          const BlobRef copy = held;
          ASSERT_EQ(copy->view(), "shared");
        }
      });
    blob = {};
    for (std::thread& thread : threads) thread.join();
  }
}

}  // namespace
}  // namespace leveret
