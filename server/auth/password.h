#pragma once

#include <string>
#include <string_view>

namespace leveret::auth {

/// Hashes a password with a new salt, as PBKDF2-HMAC-SHA256. The result says how it was made:
/// "pbkdf2-sha256$ITERATIONS$SALT$HASH", salt and hash in hexadecimal. Takes some 50 ms of
/// processor time by design: call it off the message loops. Throws std::runtime_error when OpenSSL
/// has no randomness.
std::string hash_password(std::string_view password);

/// True when `password` is the one that `encoded` was made from. Compares in constant time. An
/// `encoded` that hash_password did not make is never equal to anything, and costs as much.
bool verify_password(std::string_view password, std::string_view encoded);

/// HMAC-SHA256 of `text`, as 32 bytes.
std::string keyed_digest(std::string_view key, std::string_view text);

/// Equality in a time that depends on the lengths only.
bool is_equal_constant_time(std::string_view left, std::string_view right);

/// `size` random bytes, fit for keys. Throws std::runtime_error when there are none.
std::string random_bytes(std::size_t size);

}  // namespace leveret::auth
