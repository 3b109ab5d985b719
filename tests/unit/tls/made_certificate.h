#pragma once

#include <openssl/asn1.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace leveret::tls::test {

/// A certificate signed by its own key, made when it is needed. A name's part that begins with '+'
/// stands in one element with the one before it.
class MadeCertificate {
 public:
  using Names = std::vector<std::pair<std::string, std::string>>;

  explicit MadeCertificate(const Names& subject, const std::string& alternative_names = {},
                           long days = 1)
      : key_(EVP_EC_gen("P-256"), EVP_PKEY_free), certificate_(X509_new(), X509_free) {
    X509_set_version(certificate_.get(), X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate_.get()), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate_.get()), -2 * day_s);
    X509_gmtime_adj(X509_getm_notAfter(certificate_.get()), days * day_s);
    X509_set_pubkey(certificate_.get(), key_.get());
    X509_NAME* name = X509_get_subject_name(certificate_.get());
    for (const auto& [type, value] : subject) {
      const bool is_joined = type.starts_with('+');
      X509_NAME_add_entry_by_txt(name, type.c_str() + (is_joined ? 1 : 0), MBSTRING_UTF8,
                                 reinterpret_cast<const unsigned char*>(value.data()),
                                 static_cast<int>(value.size()), -1, is_joined ? -1 : 0);
    }
    X509_set_issuer_name(certificate_.get(), name);
    if (!alternative_names.empty()) {
      X509_EXTENSION* extension =
          X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, alternative_names.c_str());
      X509_add_ext(certificate_.get(), extension, -1);
      X509_EXTENSION_free(extension);
    }
    X509_sign(certificate_.get(), key_.get(), EVP_sha256());
  }

  const X509& operator*() const { return *certificate_; }
  X509* get() const { return certificate_.get(); }

  std::string certificate_pem() const {
    return pem([&](BIO* bio) { PEM_write_bio_X509(bio, certificate_.get()); });
  }
  /// Encrypted when there is a passphrase.
  std::string key_pem(const char* passphrase = nullptr) const {
    return pem([&](BIO* bio) {
      PEM_write_bio_PrivateKey(bio, key_.get(), passphrase ? EVP_aes_256_cbc() : nullptr, nullptr,
                               0, nullptr, const_cast<char*>(passphrase));
    });
  }

 private:
  static constexpr long day_s = 86'400;

  template <class Write>
  static std::string pem(Write write) {
    const std::unique_ptr<BIO, int (*)(BIO*)> bio{BIO_new(BIO_s_mem()), BIO_free};
    write(bio.get());
    char* bytes = nullptr;
    const long size = BIO_get_mem_data(bio.get(), &bytes);
    return {bytes, static_cast<std::size_t>(size)};
  }

  std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY*)> key_;
  std::unique_ptr<X509, void (*)(X509*)> certificate_;
};

}  // namespace leveret::tls::test
