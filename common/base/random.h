#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace leveret {

/// `size` bytes from the system's random source, fit for keys. Any thread. Throws std::system_error
/// when it has none.
std::string random_bytes(std::size_t size);

/// `prefix` followed by 22 url-safe characters (132 bits) of such: for names that nobody should be
/// able to guess.
std::string random_name(std::string_view prefix);

}  // namespace leveret
