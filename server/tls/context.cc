#include "tls/context.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "base/log.h"
#include "tls/certificate.h"

namespace leveret::tls {
namespace {

/// Forward secrecy and authenticated encryption only; TLS 1.3 has nothing else.
constexpr const char* ciphers_1_2 = "ECDHE+AESGCM:ECDHE+CHACHA20";

struct Free {
  void operator()(BIO* bio) const { BIO_free(bio); }
  void operator()(X509* certificate) const { X509_free(certificate); }
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
template <class T>
using Owned = std::unique_ptr<T, Free>;
using Certificates = std::vector<Owned<X509>>;

/// A setting and the file it names, as errors call them: "tls.keyfile '/etc/…'".
struct NamedFile {
  std::string_view setting;
  const std::string& path;
  std::string text() const {
    return "tls." + std::string{setting} + " '" + log::escape(path) + "'";
  }
};

std::string openssl_reason() {
  const char* reason = ERR_reason_error_string(ERR_peek_last_error());
  ERR_clear_error();
  return reason ? reason : "unknown error of OpenSSL";
}

std::string read_file(const NamedFile& file) {
  std::ifstream stream{file.path, std::ios::binary};
  std::string bytes{std::istreambuf_iterator<char>{stream}, {}};
  if (!stream.is_open() || stream.bad())
    throw Error{file.text() + " cannot be read: " + std::strerror(errno)};
  return bytes;
}

Owned<BIO> memory_bio(const std::string& bytes) {
  return Owned<BIO>{BIO_new_mem_buf(bytes.data(), static_cast<int>(bytes.size()))};
}

Certificates read_certificates(const NamedFile& file) {
  const std::string bytes = read_file(file);
  const Owned<BIO> bio = memory_bio(bytes);
  Certificates certificates;
  ERR_clear_error();
  while (X509* certificate = PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr))
    certificates.emplace_back(certificate);
  const bool is_at_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
  if (certificates.empty() && is_at_end)
    throw Error{file.text() + " holds no certificate in PEM form"};
  if (!is_at_end) throw Error{file.text() + " holds a broken certificate: " + openssl_reason()};
  ERR_clear_error();
  return certificates;
}

/// Where OpenSSL asks for a passphrase; by default it would ask at the terminal.
int refuse_passphrase(char* /*buffer*/, int /*size*/, int /*is_writing*/, void* was_asked) {
  *static_cast<bool*>(was_asked) = true;
  return -1;
}

Owned<EVP_PKEY> read_key(const NamedFile& file) {
  const std::string bytes = read_file(file);
  const Owned<BIO> bio = memory_bio(bytes);
  bool is_encrypted = false;
  ERR_clear_error();
  Owned<EVP_PKEY> key{
      PEM_read_bio_PrivateKey(bio.get(), nullptr, refuse_passphrase, &is_encrypted)};
  if (is_encrypted)
    throw Error{file.text() + " is encrypted: a key without a passphrase is needed"};
  ERR_clear_error();  // Its reason would be "unsupported", whatever the file holds.
  if (!key) throw Error{file.text() + " holds no private key in PEM form"};
  return key;
}

void use_certificate(SSL_CTX& context, const Settings& settings) {
  const NamedFile certfile{"certfile", settings.certfile};
  const NamedFile keyfile{"keyfile", settings.keyfile};
  if (settings.keyfile.empty())
    throw Error{certfile.text() + " is of no use without its private key: tls.keyfile is not set"};
  const Certificates chain = read_certificates(certfile);
  const Owned<EVP_PKEY> key = read_key(keyfile);
  if (SSL_CTX_use_certificate(&context, chain.front().get()) != 1)
    throw Error{certfile.text() + " cannot be used: " + openssl_reason()};
  for (std::size_t i = 1; i < chain.size(); ++i)
    if (SSL_CTX_add1_chain_cert(&context, chain[i].get()) != 1)
      throw Error{certfile.text() + " cannot be used: " + openssl_reason()};
  if (X509_check_private_key(chain.front().get(), key.get()) != 1) {
    ERR_clear_error();
    throw Error{keyfile.text() + " is not the key of the certificate in " + certfile.text()};
  }
  if (SSL_CTX_use_PrivateKey(&context, key.get()) != 1)
    throw Error{keyfile.text() + " cannot be used: " + openssl_reason()};
  if (X509_cmp_current_time(X509_get0_notAfter(chain.front().get())) < 0)
    log::warn(certfile.text() + " has expired: " + validity_of(*chain.front()));
}

void use_verification(SSL_CTX& context, const Settings& settings) {
  if (settings.verify == Verify::none)
    return SSL_CTX_set_verify(&context, SSL_VERIFY_NONE, nullptr);
  if (settings.cacertfile.empty())
    throw Error{"tls.verify is \"peer\", which needs tls.cacertfile: whose clients are good?"};
  const NamedFile cacertfile{"cacertfile", settings.cacertfile};
  X509_STORE* store = SSL_CTX_get_cert_store(&context);
  for (const Owned<X509>& certificate : read_certificates(cacertfile))
    if (X509_STORE_add_cert(store, certificate.get()) != 1 ||
        SSL_CTX_add_client_CA(&context, certificate.get()) != 1)
      throw Error{cacertfile.text() + " cannot be used: " + openssl_reason()};
  const int must_have = settings.fail_if_no_peer_cert ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0;
  SSL_CTX_set_verify(&context, SSL_VERIFY_PEER | must_have, nullptr);
}

NativeContext make_context(const Settings& settings) {
  NativeContext context{SSL_CTX_new(TLS_server_method()), SSL_CTX_free};
  if (!context) throw Error{"OpenSSL gives no TLS: " + openssl_reason()};
  SSL_CTX_set_min_proto_version(context.get(),
                                settings.versions.has_1_2 ? TLS1_2_VERSION : TLS1_3_VERSION);
  SSL_CTX_set_max_proto_version(context.get(),
                                settings.versions.has_1_3 ? TLS1_3_VERSION : TLS1_2_VERSION);
  // A resumed session would outlive a certificate or a CA that was taken away.
  SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
  SSL_CTX_set_num_tickets(context.get(), 0);
  SSL_CTX_set_options(context.get(), SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_NO_COMPRESSION |
                                         SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_TICKET);
  // The buffers of an idle connection, some 34 KiB, are only there while they are used; and a write
  // that would block is repeated with the same bytes at another place.
  SSL_CTX_set_mode(context.get(), SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                      SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  // Small frames come many at a time: one read for all that is there, not two for each record.
  SSL_CTX_set_read_ahead(context.get(), 1);
  if (SSL_CTX_set_cipher_list(context.get(), ciphers_1_2) != 1)
    throw Error{"OpenSSL has no ciphers for TLS 1.2: " + openssl_reason()};
  use_certificate(*context, settings);
  use_verification(*context, settings);
  return context;
}

}  // namespace

Context::Context(const Settings& settings) : native_(make_context(settings)) {}

void Context::reload(const Settings& settings) {
  NativeContext fresh = make_context(settings);
  const std::lock_guard lock{mutex_};
  native_ = std::move(fresh);
}

NativeContext Context::current() const {
  const std::lock_guard lock{mutex_};
  return native_;
}

std::string Context::summary() const {
  const NativeContext context = current();
  const X509& certificate = *SSL_CTX_get0_certificate(context.get());
  return subject_of(certificate) + ", valid " + validity_of(certificate);
}

}  // namespace leveret::tls
