#include "auth/password.h"

#include <gtest/gtest.h>

namespace leveret::auth {
namespace {

TEST(Password, VerifiesOnlyThePasswordItWasMadeFrom) {
  const std::string encoded = hash_password("s3cret");
  EXPECT_TRUE(verify_password("s3cret", encoded));
  EXPECT_FALSE(verify_password("s3creT", encoded));
  EXPECT_FALSE(verify_password("", encoded));
}

TEST(Password, IsSaltedAndSaysHowItWasMade) {
  const std::string encoded = hash_password("guest");
  EXPECT_EQ(encoded.rfind("pbkdf2-sha256$120000$", 0), 0U);
  EXPECT_EQ(encoded.find("guest"), std::string::npos);
  EXPECT_NE(encoded, hash_password("guest"));
}

TEST(Password, MatchesAKnownVector) {
  // RFC 7914, section 11: PBKDF2-HMAC-SHA256 of "passwd" and "salt", one round, first 32 bytes.
  EXPECT_TRUE(verify_password("passwd",
                              "pbkdf2-sha256$1$73616c74$55ac046e56e3089fec1691c22544b605"
                              "f94185216dde0465e68b9d57c20dacbc"));
}

TEST(Password, RefusesAnEncodingThatIsNotOurs) {
  const std::string encoded = hash_password("x");
  for (std::size_t size = 0; size < encoded.size(); size += 11)
    EXPECT_FALSE(verify_password("x", encoded.substr(0, size))) << size;
  EXPECT_FALSE(verify_password("x", "pbkdf2-sha256$-1$00$00"));
  EXPECT_FALSE(verify_password("x", "md5$1$00$00"));
  EXPECT_FALSE(verify_password("x", "pbkdf2-sha256$99999999999$00$00"));
}

TEST(Password, ConstantTimeEqualityIsEquality) {
  EXPECT_TRUE(is_equal_constant_time("", ""));
  EXPECT_TRUE(is_equal_constant_time("ab", "ab"));
  EXPECT_FALSE(is_equal_constant_time("ab", "ac"));
  EXPECT_FALSE(is_equal_constant_time("ab", "abc"));
}

}  // namespace
}  // namespace leveret::auth
