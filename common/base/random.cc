#include "base/random.h"

#include <random>

namespace leveret {

std::string random_name(std::string_view prefix) {
  constexpr std::string_view alphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  constexpr int length = 22;
  constexpr int characters_per_draw = 5;  // of 6 bits
  std::random_device source;
  std::string name{prefix};
  for (int i = 0; i < length;) {
    auto bits = source();
    for (int k = 0; k < characters_per_draw && i < length; ++k, ++i, bits >>= 6U)
      name += alphabet[bits & 63U];
  }
  return name;
}

}  // namespace leveret
