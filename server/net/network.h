#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace leveret::net {

/// An IP address as 16 octets; IPv4 as IPv6 maps it, so that both are compared alike.
using AddressOctets = std::array<std::uint8_t, 16>;

/// Reads "127.0.0.1" or "::1"; nothing for anything else.
std::optional<AddressOctets> parse_address(std::string_view text);

/// A range of addresses, such as "10.0.0.0/8", "fd00::/8" or a single one.
struct Network {
  AddressOctets address{};
  /// How many bits of it count, from 0 to 128.
  unsigned prefix_bits = 128;

  /// Nothing when `text` is no address or its prefix is longer than one.
  static std::optional<Network> parse(std::string_view text);
  bool contains(const AddressOctets& other) const;
  /// As parse() reads it.
  std::string text() const;
};

}  // namespace leveret::net
