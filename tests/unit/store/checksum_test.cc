#include "store/checksum.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace leveret::store {
namespace {

TEST(Checksum, IsCrc32cOfRfc3720) {
  Checksum digits;
  digits.add(std::string_view("123456789"));
  EXPECT_EQ(digits.value(), 0xe3069283U);
  Checksum zeros;
  zeros.add(std::string(32, '\0'));
  EXPECT_EQ(zeros.value(), 0x8a9136aaU);
}

TEST(Checksum, IsTheSameHoweverTheBytesAreCut) {
  std::mt19937 random(1);
  std::string bytes(1000, '\0');
  for (char& c : bytes) c = static_cast<char>(random());
  Checksum whole;
  whole.add(bytes);
  for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
    Checksum parts;
    parts.add(std::string_view(bytes).substr(0, cut));
    parts.add(std::string_view(bytes).substr(cut));
    ASSERT_EQ(parts.value(), whole.value()) << cut;
  }
}

TEST(Checksum, IsTheSameWithoutTheInstruction) {
  const std::string bytes = "the quick brown fox jumps over the lazy dog";
  Checksum fast;
  fast.add(bytes);
  EXPECT_EQ(fast.value(), ~crc32c_portable(~0U, bytes));
}

}  // namespace
}  // namespace leveret::store
