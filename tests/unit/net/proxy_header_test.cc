#include "net/proxy_header.h"

#include <gtest/gtest.h>

namespace leveret::net {
namespace {

using Addresses = ProxiedAddresses;

const std::string signature{"\r\n\r\n\0\r\nQUIT\n", 12};

std::string version_2(char command, char family, std::string_view rest) {
  return signature + command + family + static_cast<char>(rest.size() >> 8U) +
         static_cast<char>(rest.size() & 0xffU) + std::string{rest};
}

const std::string ipv4{"\x01\x02\x03\x04\x0a\x00\x00\x01\xc3\x50\x16\x28", 12};
const Addresses ipv4_addresses{{"1.2.3.4", 50000}, {"10.0.0.1", 5672}};

/// Reads the header when its bytes come one by one, with a protocol behind it.
ProxyHeader read(const std::string& header) {
  for (std::size_t size = 0; size < header.size(); ++size)
    EXPECT_FALSE(read_proxy_header(std::string_view{header}.substr(0, size))) << size;
  const auto result = read_proxy_header(header + "AMQP");
  EXPECT_TRUE(result);
  EXPECT_EQ(result->size, header.size());
  return *result;
}

std::string refusal(std::string_view bytes) {
  try {
    return read_proxy_header(bytes) ? "accepted" : "more is needed";
  } catch (const ProxyHeaderError& error) {
    return error.what();
  }
}

TEST(ProxyHeader, ReadsVersion1) {
  EXPECT_EQ(read("PROXY TCP4 1.2.3.4 10.0.0.1 50000 5672\r\n").addresses, ipv4_addresses);
  EXPECT_EQ(read("PROXY TCP6 fd00::1 ::1 1 65535\r\n").addresses,
            (Addresses{{"fd00::1", 1}, {"::1", 65535}}));
}

TEST(ProxyHeader, ReadsVersion2) {
  EXPECT_EQ(read(version_2('\x21', '\x11', ipv4)).addresses, ipv4_addresses);
  std::string ipv6(36, '\0');
  ipv6[0] = '\xfd';
  ipv6[15] = '\x01';
  ipv6[31] = '\x01';
  ipv6[33] = '\x01';
  ipv6[34] = ipv6[35] = '\xff';
  EXPECT_EQ(read(version_2('\x21', '\x21', ipv6)).addresses,
            (Addresses{{"fd00::1", 1}, {"::1", 65535}}));
}

TEST(ProxyHeader, SkipsWhatAProxyAddsBehindTheAddresses) {
  EXPECT_EQ(read(version_2('\x21', '\x11', ipv4 + "\x03\x04????")).addresses, ipv4_addresses);
}

TEST(ProxyHeader, LeavesTheAddressesToTheSocketWhenTheProxySpeaksForItselfOrDoesNotKnow) {
  EXPECT_FALSE(read(version_2('\x20', '\x00', "")).addresses);
  EXPECT_FALSE(read(version_2('\x20', '\x11', ipv4)).addresses);
  EXPECT_FALSE(read(version_2('\x21', '\x00', "")).addresses);
  EXPECT_FALSE(read(version_2('\x21', '\x31', std::string(216, 'x'))).addresses);
  EXPECT_FALSE(read("PROXY UNKNOWN\r\n").addresses);
  EXPECT_FALSE(read("PROXY UNKNOWN ffff::1 ffff::2 65535 65535\r\n").addresses);
}

TEST(ProxyHeader, RefusesWhatCannotBecomeOneAtOnce) {
  for (const char* bytes : {"A", "AMQP", "PROXX", "\r\n\r\n\1", "\x16\x03\x01"})
    EXPECT_EQ(refusal(bytes), "the connection does not begin with its header") << bytes;
}

TEST(ProxyHeader, RefusesABrokenFirstLine) {
  for (const char* line :
       {"TCP4 1.2.3.4 10.0.0.1 50000\r\n", "TCP4 1.2.3.4 10.0.0.1 50000 65536\r\n",
        "TCP4 1.2.3.4 10.0.0.1 50000 1 \r\n", "TCP4 ::1 ::1 1 1\r\n",
        "TCP6 1.2.3.4 1.2.3.4 1 1\r\n", "TCP4  1.2.3.4 10.0.0.1 1 1\r\n",
        "UDP4 1.2.3.4 10.0.0.1 1 1\r\n", "\r\n", "TCP4 1.2.3.4 10.0.0.1 -1 1\r\n"})
    EXPECT_EQ(refusal(std::string{"PROXY "} + line).substr(0, 2), "a ") << line;
  EXPECT_EQ(refusal("PROXY UNKNOWN " + std::string(93, 'x')), "the first line does not end");
  EXPECT_EQ(refusal("PROXY UNKNOWN " + std::string(92, 'x')), "more is needed");
}

TEST(ProxyHeader, RefusesABrokenVersion2) {
  EXPECT_EQ(refusal(version_2('\x11', '\x11', ipv4)), "an unknown version or command");
  EXPECT_EQ(refusal(version_2('\x22', '\x11', ipv4)), "an unknown version or command");
  EXPECT_EQ(refusal(version_2('\x21', '\x11', ipv4.substr(1))), "too short for its addresses");
  EXPECT_EQ(refusal(version_2('\x21', '\x21', ipv4)), "too short for its addresses");
  EXPECT_EQ(refusal(signature + "\x21\x11\x10\x01"), "longer than 4096 bytes");
}

}  // namespace
}  // namespace leveret::net
