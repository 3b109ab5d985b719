#include "net/sasl.h"

#include <gtest/gtest.h>

namespace leveret::net {
namespace {

TEST(Sasl, OffersExternalToWhoHasShownACertificate) {
  EXPECT_EQ(offered_mechanisms(false), "PLAIN AMQPLAIN");
  EXPECT_EQ(offered_mechanisms(true), "PLAIN AMQPLAIN EXTERNAL");
}

TEST(Sasl, ReadsPlain) {
  const auto credentials = read_credentials("PLAIN", {"\0guest\0secret", 13});
  ASSERT_TRUE(credentials);
  EXPECT_EQ(credentials->user, "guest");
  EXPECT_EQ(credentials->password, "secret");
}

TEST(Sasl, IgnoresAnAuthorisationIdentity) {
  const auto credentials = read_credentials("PLAIN", {"admin\0guest\0secret", 18});
  ASSERT_TRUE(credentials);
  EXPECT_EQ(credentials->user, "guest");
}

TEST(Sasl, RefusesPlainWithTooFewOrTooManyNuls) {
  for (const std::string_view response :
       {std::string_view{}, std::string_view{"guest"}, std::string_view{"\0guest", 6},
        std::string_view{"\0guest\0secret\0", 14}, std::string_view{"\0\0\0", 3}})
    EXPECT_FALSE(read_credentials("PLAIN", response));
}

TEST(Sasl, ReadsAmqplainAtItsWholeLengthOnly) {
  const std::string_view response{"\x05LOGINS\0\0\0\x05guest\x08PASSWORDS\0\0\0\x06secret", 36};
  const auto credentials = read_credentials("AMQPLAIN", response);
  ASSERT_TRUE(credentials);
  EXPECT_EQ(credentials->user, "guest");
  EXPECT_EQ(credentials->password, "secret");
  for (std::size_t size = 0; size < response.size(); ++size)
    EXPECT_FALSE(read_credentials("AMQPLAIN", response.substr(0, size))) << size;
}

TEST(Sasl, RefusesAmqplainOfAnotherType) {
  EXPECT_FALSE(read_credentials("AMQPLAIN", {"\x05LOGINt\x01\x08PASSWORDt\x01", 19}));
}

}  // namespace
}  // namespace leveret::net
