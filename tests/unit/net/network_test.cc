#include "net/network.h"

#include <gtest/gtest.h>

namespace leveret::net {
namespace {

bool is_in(std::string_view network, std::string_view address) {
  return Network::parse(network).value().contains(parse_address(address).value());
}

TEST(Network, HoldsTheAddressesThatShareItsPrefix) {
  EXPECT_TRUE(is_in("10.0.0.0/8", "10.255.0.1"));
  EXPECT_FALSE(is_in("10.0.0.0/8", "11.0.0.1"));
  EXPECT_TRUE(is_in("192.168.4.0/22", "192.168.7.255"));
  EXPECT_FALSE(is_in("192.168.4.0/22", "192.168.8.0"));
  EXPECT_TRUE(is_in("fd00::/8", "fdff::1"));
  EXPECT_FALSE(is_in("fd00::/8", "fe00::1"));
  EXPECT_TRUE(is_in("0.0.0.0/0", "1.2.3.4"));
  EXPECT_FALSE(is_in("0.0.0.0/0", "::1"));
  EXPECT_TRUE(is_in("::/0", "1.2.3.4"));
}

TEST(Network, IsOneAddressWithoutAPrefix) {
  EXPECT_TRUE(is_in("10.0.0.7", "10.0.0.7"));
  EXPECT_FALSE(is_in("10.0.0.7", "10.0.0.6"));
  EXPECT_TRUE(is_in("::1", "::1"));
  EXPECT_TRUE(is_in("10.0.0.7", "::ffff:10.0.0.7"));
}

TEST(Network, RefusesWhatIsNone) {
  for (const char* text : {"", "localhost", "10.0.0", "10.0.0.0/", "10.0.0.0/33", "::/129", "::/-1",
                           "10.0.0.0/8x", "/8", "1.2.3.4/8/8"})
    EXPECT_FALSE(Network::parse(text)) << text;
}

}  // namespace
}  // namespace leveret::net
