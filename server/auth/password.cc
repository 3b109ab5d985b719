#include "auth/password.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include <array>
#include <charconv>
#include <optional>
#include <stdexcept>

namespace leveret::auth {
namespace {

constexpr std::string_view scheme = "pbkdf2-sha256";
constexpr int iterations = 120'000;
/// A stored number of rounds beyond this is taken for damage, not for a password.
constexpr int iterations_max = 10'000'000;
constexpr std::size_t salt_bytes = 16;
constexpr std::size_t hash_bytes = 32;

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

}  // namespace

std::string hash_password(std::string_view password) {
  const std::string salt = random_bytes(salt_bytes);
  return std::string{scheme} + '$' + std::to_string(iterations) + '$' + to_hex(salt) + '$' +
         to_hex(derive(password, salt, iterations));
}

bool verify_password(std::string_view password, std::string_view encoded) {
  const std::optional<Encoded> stored = parse(encoded);
  if (!stored) {
    derive(password, std::string(salt_bytes, '\0'), iterations);
    return false;
  }
  return is_equal_constant_time(derive(password, stored->salt, stored->iterations), stored->hash);
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

std::string random_bytes(std::size_t size) {
  std::string bytes(size, '\0');
  if (RAND_bytes(reinterpret_cast<unsigned char*>(bytes.data()), static_cast<int>(size)) != 1)
    throw std::runtime_error{"OpenSSL has no randomness"};
  return bytes;
}

}  // namespace leveret::auth
