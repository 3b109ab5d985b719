// How much work a refused login is, counted instead of timed: whoever measures how long the answer
// takes must not learn whether there is such a user, or how the password is kept.

#include <dlfcn.h>
#include <gtest/gtest.h>
#include <openssl/evp.h>

#include "auth/password.h"
#include "auth/users.h"
#include "unit/auth/fake_store.h"

namespace {

int rounds_done = 0;

}  // namespace

/// In front of OpenSSL's, which does the work.
extern "C" int PKCS5_PBKDF2_HMAC(const char* password, int password_bytes,
                                 const unsigned char* salt, int salt_bytes, int rounds,
                                 const EVP_MD* digest, int out_bytes, unsigned char* out) {
  rounds_done += rounds;
  static const auto real =
      reinterpret_cast<decltype(&PKCS5_PBKDF2_HMAC)>(dlsym(RTLD_NEXT, "PKCS5_PBKDF2_HMAC"));
  return real(password, password_bytes, salt, salt_bytes, rounds, digest, out_bytes, out);
}

namespace leveret::auth {
namespace {

std::string rabbits_hash_of(std::string_view password) {
  return import_hash(rabbit_hash(password)).value();
}

int rounds_of_refusing(Users& users, const Login& login) {
  rounds_done = 0;
  EXPECT_FALSE(users.authenticate(login)) << login.user;
  return rounds_done;
}

TEST(LoginCost, EveryRefusalIsTheSameWork) {
  FakeStore store;
  Users users{store,
              {.users = {{"guest", hash_password("guest"), {}, {}},
                         {"alice", hash_password("wonder"), {}, {}},
                         {"remembered", hash_password("right"), {}, {}},
                         {"from_rabbit", rabbits_hash_of("carrot"), {}, {}},
                         {"without_password", "", {}, {}}}}};
  ASSERT_TRUE(users.authenticate({"remembered", "right", true}));
  const int expected = rounds_of_refusing(users, {"alice", "wrong", true});
  EXPECT_GE(expected, 100'000);
  for (const char* user : {"nobody", "", "remembered", "from_rabbit", "without_password", "guest"})
    for (const char* password : {"wrong", ""})
      EXPECT_EQ(rounds_of_refusing(users, {user, password, true}), expected)
          << user << " with '" << password << "'";
  // Right, but not from there; and known to be right.
  EXPECT_EQ(rounds_of_refusing(users, {"guest", "guest", false}), expected);
  ASSERT_TRUE(users.authenticate({"guest", "guest", true}));
  EXPECT_EQ(rounds_of_refusing(users, {"guest", "guest", false}), expected);
}

}  // namespace
}  // namespace leveret::auth
