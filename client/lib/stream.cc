#include "lib/stream.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <boost/asio/ip/address.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <stdexcept>
#include <string_view>

namespace leveret::client {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

/// Throws when a file cannot be used; `parameter` is what names it in the URL.
void check_file(const error_code& error, std::string_view parameter, const std::string& path) {
  if (!error) return;
  throw std::runtime_error{"the file of " + std::string{parameter} + ", '" + path +
                           "', cannot be used: " + error.message()};
}

asio::ssl::context make_context(const TlsOptions& options) {
  asio::ssl::context context{asio::ssl::context::tls_client};
  SSL_CTX_set_min_proto_version(context.native_handle(), TLS1_2_VERSION);
  // A passphrase would be asked for at the terminal, in the middle of a program.
  context.set_password_callback(
      [](std::size_t, asio::ssl::context::password_purpose) { return std::string{}; });
  error_code error;
  if (options.cacertfile.empty())
    context.set_default_verify_paths(error);
  else
    context.load_verify_file(options.cacertfile, error);
  check_file(error, "cacertfile", options.cacertfile);
  if (options.certfile.empty() != options.keyfile.empty())
    throw std::runtime_error{
        "a client's certificate and its key go together: give certfile and keyfile"};
  if (!options.certfile.empty()) {
    context.use_certificate_chain_file(options.certfile, error);
    check_file(error, "certfile", options.certfile);
    context.use_private_key_file(options.keyfile, asio::ssl::context::pem, error);
    check_file(error, "keyfile", options.keyfile);
  }
  context.set_verify_mode(options.verifies_peer ? asio::ssl::verify_peer : asio::ssl::verify_none);
  return context;
}

/// Which server it has to be; what asks for a name by SNI is a name, not an address.
void expect_server(SSL& session, const std::string& name, bool is_verified) {
  error_code not_an_address;
  asio::ip::make_address(name, not_an_address);
  if (not_an_address)  // SSL_set_tlsext_host_name is a macro with a C cast.
    SSL_ctrl(&session, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
             const_cast<char*>(name.c_str()));
  if (!is_verified) return;
  X509_VERIFY_PARAM* rules = SSL_get0_param(&session);
  const int is_set = not_an_address ? X509_VERIFY_PARAM_set1_host(rules, name.c_str(), name.size())
                                    : X509_VERIFY_PARAM_set1_ip_asc(rules, name.c_str());
  if (is_set != 1) throw std::runtime_error{"'" + name + "' cannot be the name of a server"};
}

std::string bad_certificate(long verdict, const std::string& name) {
  const std::string reason = X509_verify_cert_error_string(verdict);
  if (verdict == X509_V_ERR_HOSTNAME_MISMATCH || verdict == X509_V_ERR_IP_ADDRESS_MISMATCH)
    return "the server's certificate is not for '" + name +
           "' (server_name_indication=NAME in the URL asks for another name)";
  return "the server's certificate is not trusted: " + reason +
         " (cacertfile=FILE in the URL says whom to trust)";
}

}  // namespace

void Stream::close() {
  error_code ignored;
  socket_.close(ignored);
}

asio::awaitable<void> Stream::start_tls(TlsOptions options, std::string host) {
  asio::ssl::context context = make_context(options);
  tls_.emplace(socket_, context);
  const std::string name = options.server_name.empty() ? host : options.server_name;
  expect_server(*tls_->native_handle(), name, options.verifies_peer);
  error_code error;
  co_await tls_->async_handshake(asio::ssl::stream_base::client,
                                 asio::redirect_error(asio::use_awaitable, error));
  if (!error) co_return;
  const long verdict = SSL_get_verify_result(tls_->native_handle());
  if (verdict != X509_V_OK && options.verifies_peer)
    throw std::runtime_error{bad_certificate(verdict, name)};
  throw std::runtime_error{explain(error)};
}

std::string Stream::explain(const error_code& error) const {
  const bool is_end = error == asio::error::eof || error == asio::ssl::error::stream_truncated;
  if (is_end) return "the server closed the connection";
  if (error.category() != asio::error::get_ssl_category()) return error.message();
  switch (ERR_GET_REASON(static_cast<unsigned long>(error.value()))) {
    case SSL_R_WRONG_VERSION_NUMBER:
    case SSL_R_PACKET_LENGTH_TOO_LONG:
    case SSL_R_HTTP_REQUEST: return "the server does not speak TLS on this port";
    case SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED:
      return "the server asks for a client certificate: certfile=FILE&keyfile=FILE in the URL";
    default: return "TLS: " + error.message();
  }
}

}  // namespace leveret::client
