#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "tls/settings.h"

struct ssl_st;
struct ssl_ctx_st;
struct x509_st;

namespace leveret::tls {

/// A certificate's names as RFC 4514 writes them, in RabbitMQ's form: "CN=worker,O=Example"
/// (rabbit_cert_info.erl). A user of that name is what SASL EXTERNAL logs in.
std::string subject_of(const x509_st& certificate);
std::string issuer_of(const x509_st& certificate);
/// "2026-01-31T12:00:00Z - 2027-01-31T12:00:00Z".
std::string validity_of(const x509_st& certificate);

/// How long the server's certificate of `context` is still valid, in seconds; negative when it has
/// expired.
std::int64_t valid_for_s(const ssl_ctx_st& context);
/// Until when: "2027-01-31T12:00:00Z".
std::string valid_until(const ssl_ctx_st& context);

/// The user that a certificate stands for; nothing when it lacks such a name. Several common names
/// are joined by commas (rabbit_ssl.erl, peer_cert_auth_name). An IP address is in its usual text
/// form, where RabbitMQ has its octets.
std::optional<std::string> login_name(const x509_st& certificate, const LoginRule& rule);

/// What a connection came to, in the words of RabbitMQ's management API.
struct SessionFacts {
  std::string protocol;      // "tlsv1.3"
  std::string key_exchange;  // "any", "ecdhe_rsa"
  std::string cipher;        // "aes_256_gcm"
  std::string hash;          // "aead"
};
/// After the handshake.
SessionFacts facts_of(const ssl_st& session);

}  // namespace leveret::tls
