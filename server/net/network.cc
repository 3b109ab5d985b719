#include "net/network.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>

namespace leveret::net {

std::optional<AddressOctets> parse_address(std::string_view text) {
  const std::string terminated{text};
  if (terminated.find('\0') != std::string::npos) return std::nullopt;
  AddressOctets octets{};
  if (inet_pton(AF_INET6, terminated.c_str(), octets.data()) == 1) return octets;
  octets = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  if (inet_pton(AF_INET, terminated.c_str(), octets.data() + 12) == 1) return octets;
  return std::nullopt;
}

std::optional<Network> Network::parse(std::string_view text) {
  const std::size_t slash = text.find('/');
  const std::string_view host = text.substr(0, slash);
  const std::optional<AddressOctets> address = parse_address(host);
  if (!address) return std::nullopt;
  if (slash == std::string_view::npos) return Network{*address, 128};
  const std::string_view digits = text.substr(slash + 1);
  const unsigned bits = host.find(':') == std::string_view::npos ? 32 : 128;
  unsigned prefix = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), prefix);
  if (error != std::errc{} || end != digits.data() + digits.size() || prefix > bits)
    return std::nullopt;
  return Network{*address, 128 - bits + prefix};
}

std::string Network::text() const {
  constexpr AddressOctets mapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  const bool is_ipv4 =
      prefix_bits >= 96 && std::equal(mapped.begin(), mapped.begin() + 12, address.begin());
  char host[INET6_ADDRSTRLEN] = "";
  if (is_ipv4)
    inet_ntop(AF_INET, address.data() + 12, host, sizeof host);
  else
    inet_ntop(AF_INET6, address.data(), host, sizeof host);
  if (prefix_bits == 128) return host;
  return std::string{host} + '/' + std::to_string(prefix_bits - (is_ipv4 ? 96 : 0));
}

bool Network::contains(const AddressOctets& other) const {
  const unsigned whole = prefix_bits / 8;
  if (!std::equal(address.begin(), address.begin() + whole, other.begin())) return false;
  if (prefix_bits % 8 == 0) return true;
  const unsigned unused = 8 - prefix_bits % 8;
  return (address[whole] >> unused) == (other[whole] >> unused);
}

}  // namespace leveret::net
