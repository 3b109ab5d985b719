// A pattern and a name, the name behind the last line break: any pattern is followed or refused,
// and in time that depends on its size only.

#include "broker/pattern.h"

#include "harness.h"

using namespace leveret;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input = view_of(data, size);
  const std::size_t end = input.rfind('\n');
  const std::string_view pattern = input.substr(0, end);
  const std::string_view name = end == std::string_view::npos ? "" : input.substr(end + 1);
  try {
    const broker::Pattern compiled{pattern};
    compiled.matches(name);
  } catch (const broker::PatternError& error) {
    require(error.position <= pattern.size());
  }
  return 0;
}
