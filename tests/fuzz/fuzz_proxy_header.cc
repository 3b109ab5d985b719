// The beginning of a connection from a proxy, as it comes byte by byte.

#include <optional>

#include "harness.h"
#include "net/network.h"
#include "net/proxy_header.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace leveret;
  const std::string_view bytes = view_of(data, size);
  constexpr std::size_t header_bytes_max = 16 + 4096;
  for (std::size_t seen = 0; seen <= size; ++seen) {
    std::optional<net::ProxyHeader> header;
    try {
      header = net::read_proxy_header(bytes.substr(0, seen));
    } catch (const net::ProxyHeaderError&) {
      return 0;
    }
    require(seen < header_bytes_max || header.has_value());
    if (!header) continue;
    require(header->size == seen);
    if (header->addresses)
      require(net::parse_address(header->addresses->source.host).has_value() &&
              net::parse_address(header->addresses->target.host).has_value());
    return 0;
  }
  return 0;
}
