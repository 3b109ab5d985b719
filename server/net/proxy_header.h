#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

namespace leveret::net {

struct ProxiedEndpoint {
  std::string host;
  std::uint16_t port = 0;
  bool operator==(const ProxiedEndpoint&) const = default;
};

/// The client's side of its connection to the proxy, and the proxy's.
struct ProxiedAddresses {
  ProxiedEndpoint source;
  ProxiedEndpoint target;
  bool operator==(const ProxiedAddresses&) const = default;
};

/// What a proxy says of the connection that it passes on (HAProxy's PROXY protocol, versions 1 and
/// 2): the first bytes of the connection, before TLS.
struct ProxyHeader {
  /// How many bytes it takes.
  std::size_t size = 0;
  /// Nothing when the proxy speaks for itself (LOCAL) or does not know (UNKNOWN, another family).
  std::optional<ProxiedAddresses> addresses;
};

class ProxyHeaderError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Reads the header at the front of `bytes`; nothing when more is needed. All of `bytes` belongs to
/// the header then. Throws ProxyHeaderError as soon as no header can come of them.
std::optional<ProxyHeader> read_proxy_header(std::string_view bytes);

}  // namespace leveret::net
