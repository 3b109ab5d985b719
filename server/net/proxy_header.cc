#include "net/proxy_header.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace leveret::net {
namespace {

constexpr std::string_view signature_1 = "PROXY ";
/// "UNKNOWN" and two addresses of IPv6, with the line's end (proxy-protocol.txt, 2.1).
constexpr std::size_t line_bytes_max = 107;

constexpr std::string_view signature_2{"\r\n\r\n\0\r\nQUIT\n", 12};
constexpr std::size_t fixed_bytes_2 = 16;
/// Addresses and what else a proxy adds, such as names from TLS; the format would allow 65535.
constexpr std::size_t variable_bytes_max = 4096;

/// Whether `bytes` may become, or begins with, `signature`.
bool may_begin_with(std::string_view bytes, std::string_view signature) {
  const std::size_t size = std::min(bytes.size(), signature.size());
  return bytes.substr(0, size) == signature.substr(0, size);
}

[[noreturn]] void refuse(const std::string& what) {
  throw ProxyHeaderError{what};
}

std::string_view take_word(std::string_view& line) {
  const std::size_t end = std::min(line.find(' '), line.size());
  const std::string_view word = line.substr(0, end);
  line.remove_prefix(std::min(end + 1, line.size()));
  return word;
}

std::string read_host(std::string_view word, int family) {
  std::array<unsigned char, sizeof(in6_addr)> ignored{};
  std::string host{word};
  if (host.find('\0') != std::string::npos || inet_pton(family, host.c_str(), ignored.data()) != 1)
    refuse("a bad address in the first line");
  return host;
}

std::uint16_t read_port(std::string_view word) {
  std::uint16_t port = 0;
  const char* end = word.data() + word.size();
  const auto [stopped, error] = std::from_chars(word.data(), end, port);
  if (error != std::errc{} || stopped != end) refuse("a bad port in the first line");
  return port;
}

std::optional<ProxyHeader> read_version_1(std::string_view bytes) {
  const std::size_t end = bytes.substr(0, line_bytes_max).find("\r\n");
  if (end == std::string_view::npos) {
    if (bytes.size() >= line_bytes_max) refuse("the first line does not end");
    return std::nullopt;
  }
  ProxyHeader header{.size = end + 2, .addresses = std::nullopt};
  std::string_view line = bytes.substr(signature_1.size(), end - signature_1.size());
  const std::string_view protocol = take_word(line);
  if (protocol == "UNKNOWN") return header;
  if (protocol != "TCP4" && protocol != "TCP6") refuse("a protocol that is not TCP");
  const int family = protocol == "TCP4" ? AF_INET : AF_INET6;
  ProxiedAddresses& addresses = header.addresses.emplace();
  addresses.source.host = read_host(take_word(line), family);
  addresses.target.host = read_host(take_word(line), family);
  addresses.source.port = read_port(take_word(line));
  addresses.target.port = read_port(line);
  return header;
}

std::uint16_t read_u16(std::string_view bytes) {
  return static_cast<std::uint16_t>((static_cast<unsigned char>(bytes[0]) << 8U) |
                                    static_cast<unsigned char>(bytes[1]));
}

std::string host_of(std::string_view octets, int family) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  inet_ntop(family, octets.data(), text.data(), text.size());
  return text.data();
}

std::optional<ProxyHeader> read_version_2(std::string_view bytes) {
  if (bytes.size() < fixed_bytes_2) return std::nullopt;
  const auto version_and_command = static_cast<unsigned char>(bytes[12]);
  const auto family_and_protocol = static_cast<unsigned char>(bytes[13]);
  if (version_and_command != 0x20 && version_and_command != 0x21)
    refuse("an unknown version or command");
  const std::size_t variable_bytes = read_u16(bytes.substr(14));
  if (variable_bytes > variable_bytes_max)
    refuse("longer than " + std::to_string(variable_bytes_max) + " bytes");
  if (bytes.size() < fixed_bytes_2 + variable_bytes) return std::nullopt;

  ProxyHeader header{.size = fixed_bytes_2 + variable_bytes, .addresses = std::nullopt};
  const bool is_local = version_and_command == 0x20;
  const bool is_tcp = family_and_protocol == 0x11 || family_and_protocol == 0x21;
  if (is_local || !is_tcp) return header;
  const int family = family_and_protocol == 0x11 ? AF_INET : AF_INET6;
  const std::size_t host_bytes = family == AF_INET ? 4 : 16;
  if (variable_bytes < 2 * host_bytes + 4) refuse("too short for its addresses");
  const std::string_view rest = bytes.substr(fixed_bytes_2);
  header.addresses = {.source = {host_of(rest, family), read_u16(rest.substr(2 * host_bytes))},
                      .target = {host_of(rest.substr(host_bytes), family),
                                 read_u16(rest.substr(2 * host_bytes + 2))}};
  return header;
}

}  // namespace

std::optional<ProxyHeader> read_proxy_header(std::string_view bytes) {
  const bool may_be_1 = may_begin_with(bytes, signature_1);
  const bool may_be_2 = may_begin_with(bytes, signature_2);
  if (!may_be_1 && !may_be_2) refuse("the connection does not begin with its header");
  if (may_be_1 && bytes.size() >= signature_1.size()) return read_version_1(bytes);
  if (may_be_2 && bytes.size() >= signature_2.size()) return read_version_2(bytes);
  return std::nullopt;
}

}  // namespace leveret::net
