#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

/// What libFuzzer and replay.cc call. The contract: any input is decoded or refused with
/// amqp::Error; anything else that leaves a harness, and any failed require(), is a bug.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace leveret {

inline std::string_view view_of(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

/// Stops where the debugger and the fuzzer see it.
inline void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace leveret
