#include "auth/password.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>
#include <charconv>
#include <optional>
#include <stdexcept>

#include "base/random.h"

namespace leveret::auth {
namespace {

constexpr std::string_view scheme = "pbkdf2-sha256";
constexpr int iterations = 120'000;
/// A stored number of rounds beyond this is taken for damage, not for a password.
constexpr int iterations_max = 10'000'000;
constexpr std::size_t salt_bytes = 16;
constexpr std::size_t hash_bytes = 32;

/// What our own hashes are called where RabbitMQ's name its algorithm.
constexpr std::string_view own_algorithm = "leveret_password_hashing_pbkdf2_sha256";

/// RabbitMQ's hashes: four bytes of salt, then the digest of salt and password
/// (rabbit_password.erl, passwords: computing-password-hash).
struct RabbitAlgorithm {
  std::string_view name;
  const EVP_MD* (*digest)();
  std::size_t bytes;
};
constexpr std::array<RabbitAlgorithm, 2> rabbit_algorithms{{
    {"rabbit_password_hashing_sha256", EVP_sha256, 32},
    {"rabbit_password_hashing_sha512", EVP_sha512, 64},
}};
constexpr std::size_t rabbit_salt_bytes = 4;

struct Encoded {
  int iterations = 0;
  std::string salt;
  std::string hash;
};

const unsigned char* as_octets(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

std::string derive(std::string_view password, std::string_view salt, int rounds) {
  std::array<unsigned char, hash_bytes> hash{};
  if (PKCS5_PBKDF2_HMAC(password.data(), static_cast<int>(password.size()), as_octets(salt),
                        static_cast<int>(salt.size()), rounds, EVP_sha256(),
                        static_cast<int>(hash.size()), hash.data()) != 1)
    throw std::runtime_error{"OpenSSL cannot derive a key with PBKDF2"};
  return {reinterpret_cast<const char*>(hash.data()), hash.size()};
}

std::optional<std::string> from_hex(std::string_view text) {
  if (text.size() % 2 != 0) return std::nullopt;
  std::string bytes;
  for (std::size_t i = 0; i < text.size(); i += 2) {
    unsigned octet = 0;
    const char* end = text.data() + i + 2;
    if (const auto read = std::from_chars(text.data() + i, end, octet, 16);
        read.ec != std::errc{} || read.ptr != end)
      return std::nullopt;
    bytes += static_cast<char>(octet);
  }
  return bytes;
}

/// Cuts off and returns what stands before the next '$'.
std::string_view take_field(std::string_view& text) {
  const std::size_t end = text.find('$');
  const std::string_view field = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return field;
}

std::optional<Encoded> parse(std::string_view text) {
  if (take_field(text) != scheme) return std::nullopt;
  Encoded encoded;
  const std::string_view rounds = take_field(text);
  const char* end = rounds.data() + rounds.size();
  if (const auto read = std::from_chars(rounds.data(), end, encoded.iterations);
      read.ec != std::errc{} || read.ptr != end)
    return std::nullopt;
  const std::optional<std::string> salt = from_hex(take_field(text));
  const std::optional<std::string> hash = from_hex(text);
  if (!salt || salt->empty() || !hash || hash->size() != hash_bytes) return std::nullopt;
  if (encoded.iterations < 1 || encoded.iterations > iterations_max) return std::nullopt;
  encoded.salt = *salt;
  encoded.hash = *hash;
  return encoded;
}

const RabbitAlgorithm* find_algorithm(std::string_view name) {
  for (const RabbitAlgorithm& algorithm : rabbit_algorithms)
    if (algorithm.name == name) return &algorithm;
  return nullptr;
}

std::string salted_digest(const RabbitAlgorithm& algorithm, const std::string& salt,
                          std::string_view password) {
  const std::string salted = salt + std::string{password};
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  if (EVP_Digest(salted.data(), salted.size(), digest.data(), &size, algorithm.digest(), nullptr) !=
      1)
    throw std::runtime_error{"OpenSSL cannot compute a digest"};
  return {reinterpret_cast<const char*>(digest.data()), size};
}

/// Encoded as NAME$HEX. False for anything else.
bool verify_rabbit(std::string_view password, std::string_view encoded) {
  const RabbitAlgorithm* algorithm = find_algorithm(take_field(encoded));
  const std::optional<std::string> bytes = from_hex(encoded);
  if (!algorithm || !bytes || bytes->size() != rabbit_salt_bytes + algorithm->bytes) return false;
  return is_equal_constant_time(
      salted_digest(*algorithm, bytes->substr(0, rabbit_salt_bytes), password),
      std::string_view{*bytes}.substr(rabbit_salt_bytes));
}

std::string to_base64(std::string_view bytes) {
  std::string text((bytes.size() + 2) / 3 * 4 + 1, '\0');
  const int size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()), as_octets(bytes),
                                   static_cast<int>(bytes.size()));
  text.resize(static_cast<std::size_t>(size));
  return text;
}

std::optional<std::string> from_base64(std::string_view text) {
  if (text.empty() || text.size() % 4 != 0 || text.size() > 1024) return std::nullopt;
  const std::size_t padding = text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0;
  std::string bytes(text.size() / 4 * 3, '\0');
  if (EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data()), as_octets(text),
                      static_cast<int>(text.size())) < 0)
    return std::nullopt;
  bytes.resize(bytes.size() - padding);
  return bytes;
}

}  // namespace

std::string to_hex(std::string_view bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  for (const char c : bytes) {
    const auto octet = static_cast<unsigned char>(c);
    text += digits[octet >> 4U];
    text += digits[octet & 15U];
  }
  return text;
}

std::string hash_password(std::string_view password) {
  const std::string salt = random_bytes(salt_bytes);
  return std::string{scheme} + '$' + std::to_string(iterations) + '$' + to_hex(salt) + '$' +
         to_hex(derive(password, salt, iterations));
}

bool verify_password(std::string_view password, std::string_view encoded) {
  const std::optional<Encoded> stored = parse(encoded);
  if (!stored) {
    // Whether there is such a user, and how the password is kept, does not show in the time.
    derive(password, std::string(salt_bytes, '\0'), iterations);
    return verify_rabbit(password, encoded);
  }
  return is_equal_constant_time(derive(password, stored->salt, stored->iterations), stored->hash);
}

bool is_slow_hash(std::string_view encoded) {
  return parse(encoded).has_value();
}

RabbitHash rabbit_hash(std::string_view password) {
  const RabbitAlgorithm& algorithm = rabbit_algorithms.front();
  const std::string salt = random_bytes(rabbit_salt_bytes);
  return {std::string{algorithm.name}, to_base64(salt + salted_digest(algorithm, salt, password))};
}

std::optional<std::string> import_hash(const RabbitHash& hash) {
  const std::optional<std::string> bytes = from_base64(hash.base64);
  if (!bytes) return std::nullopt;
  if (hash.algorithm == own_algorithm) return parse(*bytes) ? std::optional{*bytes} : std::nullopt;
  const RabbitAlgorithm* algorithm = find_algorithm(hash.algorithm);
  if (!algorithm || bytes->size() != rabbit_salt_bytes + algorithm->bytes) return std::nullopt;
  return hash.algorithm + '$' + to_hex(*bytes);
}

RabbitHash export_hash(std::string_view encoded) {
  if (encoded.empty()) return {std::string{rabbit_algorithms.front().name}, ""};
  std::string_view rest = encoded;
  const RabbitAlgorithm* algorithm = find_algorithm(take_field(rest));
  if (!algorithm) return {std::string{own_algorithm}, to_base64(encoded)};
  return {std::string{algorithm->name}, to_base64(from_hex(rest).value_or(""))};
}

std::string known_algorithms() {
  std::string text;
  for (const RabbitAlgorithm& algorithm : rabbit_algorithms)
    text += std::string{algorithm.name} + (text.empty() ? ", " : " or ");
  return text + std::string{own_algorithm};
}

std::string keyed_digest(std::string_view key, std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  if (HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), as_octets(text), text.size(),
           digest.data(), &size) == nullptr)
    throw std::runtime_error{"OpenSSL cannot compute HMAC-SHA256"};
  return {reinterpret_cast<const char*>(digest.data()), size};
}

bool is_equal_constant_time(std::string_view left, std::string_view right) {
  return left.size() == right.size() && CRYPTO_memcmp(left.data(), right.data(), left.size()) == 0;
}

}  // namespace leveret::auth
