#include "base/random.h"

#include <sys/random.h>

#include <cerrno>
#include <system_error>

namespace leveret {

// OpenSSL's own generator would bring some 2 MB of that library into memory at every start, where
// nothing else needs it before the first login; std::random_device asks the processor each time
// what it can, which is slow in a virtual machine.
std::string random_bytes(std::size_t size) {
  std::string bytes(size, '\0');
  for (std::size_t done = 0; done < size;) {
    const ssize_t got = getrandom(bytes.data() + done, size - done, 0);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0)
      throw std::system_error{errno, std::generic_category(), "the system has no randomness"};
    done += static_cast<std::size_t>(got);
  }
  return bytes;
}

std::string random_name(std::string_view prefix) {
  constexpr std::string_view alphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  std::string name{prefix};
  for (const char octet : random_bytes(22))
    name += alphabet[static_cast<unsigned char>(octet) & 63U];
  return name;
}

}  // namespace leveret
