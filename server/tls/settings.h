#pragma once

#include <string>

namespace leveret::tls {

/// Whether clients are asked for a certificate. One that is shown must always be good.
enum class Verify { none, peer };

/// Which protocols a client may choose. Older ones than TLS 1.2 do not exist here.
struct Versions {
  bool has_1_2 = true;
  bool has_1_3 = true;
};

/// What the server side of TLS is made of, named as RabbitMQ's ssl_options are.
struct Settings {
  /// PEM: the server's certificate, then those between it and its root. Empty for no TLS.
  std::string certfile;
  /// PEM, without a passphrase.
  std::string keyfile;
  /// PEM: those whose signature makes a client's certificate good.
  std::string cacertfile;
  Verify verify = Verify::none;
  bool fail_if_no_peer_cert = false;
  Versions versions;

  bool is_on() const { return !certfile.empty(); }
};

/// Which name in a client's certificate is its user's (RabbitMQ's ssl_cert_login_from).
enum class LoginFrom { distinguished_name, common_name, subject_alternative_name };
/// Which alternative name it is (RabbitMQ's ssl_cert_login_san_type).
enum class SanType { dns, ip, email, uri, other_name };

struct LoginRule {
  LoginFrom from = LoginFrom::distinguished_name;
  SanType san_type = SanType::dns;
  /// Counts the names of that type, from 0.
  unsigned san_index = 0;
};

}  // namespace leveret::tls
