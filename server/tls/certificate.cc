#include "tls/certificate.h"

#include <arpa/inet.h>
#include <openssl/asn1.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

namespace leveret::tls {
namespace {

constexpr std::string_view hex_digits = "0123456789ABCDEF";

/// The types that RabbitMQ names (rabbit_cert_info.erl, format_rdn); all others are numbers.
constexpr std::array<std::pair<int, std::string_view>, 16> type_names{{
    {NID_surname, "SN"},
    {NID_givenName, "GIVENNAME"},
    {NID_initials, "INITIALS"},
    {NID_generationQualifier, "GENERATIONQUALIFIER"},
    {NID_commonName, "CN"},
    {NID_localityName, "L"},
    {NID_stateOrProvinceName, "ST"},
    {NID_organizationName, "O"},
    {NID_organizationalUnitName, "OU"},
    {NID_title, "TITLE"},
    {NID_countryName, "C"},
    {NID_serialNumber, "SERIALNUMBER"},
    {NID_pseudonym, "PSEUDONYM"},
    {NID_domainComponent, "DC"},
    {NID_pkcs9_emailAddress, "EMAILADDRESS"},
    {NID_userId, "UID"},
}};

std::string text_of(const ASN1_STRING* value) {
  unsigned char* bytes = nullptr;
  const int size = ASN1_STRING_to_UTF8(&bytes, value);
  if (size < 0) return {};
  std::string text{reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size)};
  OPENSSL_free(bytes);
  return text;
}

std::string type_text(const ASN1_OBJECT* type) {
  const auto* named =
      std::ranges::find(type_names, OBJ_obj2nid(type), &std::pair<int, std::string_view>::first);
  if (named != type_names.end()) return std::string{named->second};
  std::array<char, 128> number{};
  const int size = OBJ_obj2txt(number.data(), static_cast<int>(number.size()), type, 1);
  return {number.data(), static_cast<std::size_t>(std::clamp(size, 0, 127))};
}

/// Escapes a value as RFC 4514 asks for, and also all that is not printable ASCII.
std::string escaped(std::string_view value) {
  std::string out;
  for (std::size_t i = 0; i < value.size(); ++i) {
    const auto octet = static_cast<unsigned char>(value[i]);
    const bool is_first = i == 0 && (octet == ' ' || octet == '#');
    const bool is_last = i != 0 && i + 1 == value.size() && octet == ' ';
    if (octet < 32 || octet >= 126) {
      out += {'\\', hex_digits[octet >> 4U], hex_digits[octet & 15U]};
      continue;
    }
    if (is_first || is_last || std::string_view{"\"+,;<>\\"}.find(value[i]) != std::string::npos)
      out += '\\';
    out += value[i];
  }
  return out;
}

/// The last of the sequence comes first; the parts of one element are joined by '+'.
std::string name_text(const X509_NAME* name) {
  std::vector<std::string> elements;
  int last_set = -1;
  for (int i = 0; i < X509_NAME_entry_count(name); ++i) {
    const X509_NAME_ENTRY* entry = X509_NAME_get_entry(name, i);
    const std::string part = type_text(X509_NAME_ENTRY_get_object(entry)) + "=" +
                             escaped(text_of(X509_NAME_ENTRY_get_data(entry)));
    if (X509_NAME_ENTRY_set(entry) == last_set)
      elements.back() += "+" + part;
    else
      elements.push_back(part);
    last_set = X509_NAME_ENTRY_set(entry);
  }
  std::string text;
  for (auto element = elements.rbegin(); element != elements.rend(); ++element)
    text += (text.empty() ? "" : ",") + *element;
  return text;
}

std::string time_text(const ASN1_TIME* time) {
  tm parts{};
  std::array<char, 32> text{};
  if (ASN1_TIME_to_tm(time, &parts) != 1) return "?";
  const std::size_t size = strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts);
  return {text.data(), size};
}

std::optional<std::string> common_names(const x509_st& certificate) {
  const X509_NAME* name = X509_get_subject_name(&certificate);
  std::optional<std::string> names;
  for (int at = -1; (at = X509_NAME_get_index_by_NID(name, NID_commonName, at)) >= 0;) {
    const std::string one = text_of(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at)));
    names = names ? *names + "," + one : one;
  }
  return names;
}

int general_name_type(SanType type) {
  switch (type) {
    case SanType::dns: return GEN_DNS;
    case SanType::ip: return GEN_IPADD;
    case SanType::email: return GEN_EMAIL;
    case SanType::uri: return GEN_URI;
    case SanType::other_name: return GEN_OTHERNAME;
  }
  return -1;
}

std::string address_text(const ASN1_OCTET_STRING* octets) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  const int family = ASN1_STRING_length(octets) == 4 ? AF_INET : AF_INET6;
  if (family == AF_INET6 && ASN1_STRING_length(octets) != 16) return {};
  inet_ntop(family, ASN1_STRING_get0_data(octets), text.data(), text.size());
  return text.data();
}

std::string general_name_text(const GENERAL_NAME& name) {
  switch (name.type) {
    case GEN_IPADD: return address_text(name.d.iPAddress);
    case GEN_OTHERNAME: {
      const ASN1_TYPE* value = name.d.otherName->value;
      const bool is_text = value->type == V_ASN1_UTF8STRING || value->type == V_ASN1_IA5STRING ||
                           value->type == V_ASN1_PRINTABLESTRING;
      return is_text ? text_of(value->value.asn1_string) : std::string{};
    }
    default: return text_of(name.d.ia5);
  }
}

std::optional<std::string> alternative_name(const x509_st& certificate, const LoginRule& rule) {
  const std::unique_ptr<GENERAL_NAMES, void (*)(GENERAL_NAMES*)> names{
      static_cast<GENERAL_NAMES*>(
          X509_get_ext_d2i(&certificate, NID_subject_alt_name, nullptr, nullptr)),
      GENERAL_NAMES_free};
  unsigned to_skip = rule.san_index;
  for (int i = 0; i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names.get(), i);
    if (name->type != general_name_type(rule.san_type)) continue;
    if (to_skip-- == 0) return general_name_text(*name);
  }
  return std::nullopt;
}

/// "aes-256-gcm" as "aes_256_gcm".
std::string with_underscores(std::string text) {
  std::ranges::replace(text, '-', '_');
  std::ranges::transform(text, text.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return text;
}

std::string key_exchange_text(const SSL_CIPHER* cipher) {
  if (SSL_CIPHER_get_kx_nid(cipher) == NID_kx_any) return "any";  // TLS 1.3
  return SSL_CIPHER_get_auth_nid(cipher) == NID_auth_ecdsa ? "ecdhe_ecdsa" : "ecdhe_rsa";
}

}  // namespace

std::string subject_of(const x509_st& certificate) {
  return name_text(X509_get_subject_name(&certificate));
}

std::string issuer_of(const x509_st& certificate) {
  return name_text(X509_get_issuer_name(&certificate));
}

std::string validity_of(const x509_st& certificate) {
  return time_text(X509_get0_notBefore(&certificate)) + " - " +
         time_text(X509_get0_notAfter(&certificate));
}

std::int64_t valid_for_s(const ssl_ctx_st& context) {
  int days = 0;
  int seconds = 0;
  // From now on, as OpenSSL takes a null.
  const ASN1_TIME* end = X509_get0_notAfter(SSL_CTX_get0_certificate(&context));
  if (ASN1_TIME_diff(&days, &seconds, nullptr, end) != 1) return 0;
  return std::int64_t{days} * 86'400 + seconds;
}

std::string valid_until(const ssl_ctx_st& context) {
  return time_text(X509_get0_notAfter(SSL_CTX_get0_certificate(&context)));
}

std::optional<std::string> login_name(const x509_st& certificate, const LoginRule& rule) {
  std::optional<std::string> name;
  switch (rule.from) {
    case LoginFrom::distinguished_name: name = subject_of(certificate); break;
    case LoginFrom::common_name: name = common_names(certificate); break;
    case LoginFrom::subject_alternative_name: name = alternative_name(certificate, rule); break;
  }
  // An embedded NUL could end the name early for whoever reads it next.
  if (!name || name->empty() || name->find('\0') != std::string::npos) return std::nullopt;
  return name;
}

SessionFacts facts_of(const ssl_st& session) {
  const SSL_CIPHER* cipher = SSL_get_current_cipher(&session);
  const char* name = OBJ_nid2ln(SSL_CIPHER_get_cipher_nid(cipher));
  return {.protocol = SSL_version(&session) == TLS1_3_VERSION ? "tlsv1.3" : "tlsv1.2",
          .key_exchange = key_exchange_text(cipher),
          .cipher = with_underscores(name ? name : ""),
          .hash = "aead"};
}

}  // namespace leveret::tls
