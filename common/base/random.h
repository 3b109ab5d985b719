#pragma once

#include <string>
#include <string_view>

namespace leveret {

/// `prefix` followed by 22 url-safe characters (132 bits) from the system's random source: for
/// names that nobody should be able to guess. Any thread.
std::string random_name(std::string_view prefix);

}  // namespace leveret
