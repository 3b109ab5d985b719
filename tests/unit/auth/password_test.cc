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

/// Salt 908dc60a and "test12", from RabbitMQ's documentation (passwords).
const RabbitHash rabbit_sha256{"rabbit_password_hashing_sha256",
                               "kI3GCqW5JLMJa4iX1lo7X4D6XbYqlLgxIs30+P6tENUV2POR"};

TEST(Password, TakesRabbitMQsHashAndGivesItBack) {
  const auto encoded = import_hash(rabbit_sha256);
  ASSERT_TRUE(encoded);
  EXPECT_TRUE(verify_password("test12", *encoded));
  EXPECT_FALSE(verify_password("test13", *encoded));
  EXPECT_FALSE(is_slow_hash(*encoded));
  EXPECT_EQ(export_hash(*encoded).algorithm, rabbit_sha256.algorithm);
  EXPECT_EQ(export_hash(*encoded).base64, rabbit_sha256.base64);
}

TEST(Password, TakesRabbitMQsSha512) {
  // Made by: salt 01020304, sha512(salt + "secret").
  const auto encoded = import_hash({"rabbit_password_hashing_sha512",
                                    "AQIDBPhTH2L5HGYB1LWOrn+YpvuQmVOXKGqgsuiJRIZTILRoEvblSJo/"
                                    "WAsym3IZTfuaIaK5KR2o5KwFfTv6KsxfMIE="});
  ASSERT_TRUE(encoded);
  EXPECT_TRUE(verify_password("secret", *encoded));
  EXPECT_FALSE(verify_password("secreT", *encoded));
}

TEST(Password, ItsOwnHashGoesOutAndIn) {
  const std::string encoded = hash_password("x");
  EXPECT_TRUE(is_slow_hash(encoded));
  EXPECT_EQ(import_hash(export_hash(encoded)), encoded);
  EXPECT_EQ(export_hash("").base64, "");
}

TEST(Password, RefusesAHashThatIsNotWhatItSays) {
  const std::string& right = rabbit_sha256.base64;
  for (const std::string& base64 :
       {std::string{}, std::string{"zz"}, right.substr(4), right + "AAAA", std::string(48, '!')})
    EXPECT_FALSE(import_hash({rabbit_sha256.algorithm, base64})) << base64;
  EXPECT_FALSE(import_hash({"rabbit_password_hashing_sha512", right}));
  EXPECT_FALSE(import_hash({"rabbit_password_hashing_md5", right}));
  EXPECT_EQ(known_algorithms(),
            "rabbit_password_hashing_sha256, rabbit_password_hashing_sha512 or "
            "leveret_password_hashing_pbkdf2_sha256");
}

TEST(Password, ConstantTimeEqualityIsEquality) {
  EXPECT_TRUE(is_equal_constant_time("", ""));
  EXPECT_TRUE(is_equal_constant_time("ab", "ab"));
  EXPECT_FALSE(is_equal_constant_time("ab", "ac"));
  EXPECT_FALSE(is_equal_constant_time("ab", "abc"));
}

}  // namespace
}  // namespace leveret::auth
