#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace leveret::auth {

/// Hashes a password with a new salt, as PBKDF2-HMAC-SHA256. The result says how it was made:
/// "pbkdf2-sha256$ITERATIONS$SALT$HASH", salt and hash in hexadecimal. Takes some 50 ms of
/// processor time by design: call it off the message loops. Throws std::runtime_error when the
/// system has no randomness.
std::string hash_password(std::string_view password);

/// True when `password` is the one that `encoded` was made from, by hash_password or import_hash.
/// Compares in constant time. Any other `encoded` is never equal to anything. All cost the same.
bool verify_password(std::string_view password, std::string_view encoded);
/// Whether hash_password made it. What was imported is quickly guessed and should not be kept.
bool is_slow_hash(std::string_view encoded);

/// A hash as RabbitMQ's definitions and management API have it.
struct RabbitHash {
  std::string algorithm;  // "rabbit_password_hashing_sha256", ..._sha512, or our own
  std::string base64;     // four bytes of salt and the hash of salt and password
};
/// A quick hash with a new salt, as RabbitMQ makes them by default: for what wants RabbitMQ's.
RabbitHash rabbit_hash(std::string_view password);
/// The encoding of a hash from RabbitMQ, or from export_hash. Nothing when the algorithm is another
/// one or the text is not what it makes.
std::optional<std::string> import_hash(const RabbitHash& hash);
/// The other way; empty when `encoded` is.
RabbitHash export_hash(std::string_view encoded);
/// What import_hash knows, for texts: "A, B or C".
std::string known_algorithms();

/// HMAC-SHA256 of `text`, as 32 bytes.
std::string keyed_digest(std::string_view key, std::string_view text);

/// Equality in a time that depends on the lengths only.
bool is_equal_constant_time(std::string_view left, std::string_view right);

/// Two lower-case digits an octet.
std::string to_hex(std::string_view bytes);

}  // namespace leveret::auth
