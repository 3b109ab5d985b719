#include "net/sasl.h"

#include "amqp/reply_code.h"
#include "amqp/table.h"
#include "amqp/wire.h"

namespace leveret::net {
namespace {

std::optional<Credentials> read_plain(std::string_view response) {
  const std::size_t user_at = response.find('\0');
  if (user_at == std::string_view::npos) return std::nullopt;
  const std::size_t password_at = response.find('\0', user_at + 1);
  if (password_at == std::string_view::npos) return std::nullopt;
  const std::string_view password = response.substr(password_at + 1);
  if (password.find('\0') != std::string_view::npos) return std::nullopt;
  return Credentials{.user = std::string{response.substr(user_at + 1, password_at - user_at - 1)},
                     .password = std::string{password}};
}

std::optional<Credentials> read_amqplain(std::string_view response) {
  std::string table_bytes;
  amqp::Writer{table_bytes}.write_long_string(response);
  try {
    amqp::Reader reader{table_bytes};
    const amqp::Table table = amqp::read_table(reader);
    const amqp::Value* login = table.find("LOGIN");
    const amqp::Value* password = table.find("PASSWORD");
    if (!login || !login->as_string() || !password || !password->as_string()) return std::nullopt;
    return Credentials{.user = *login->as_string(), .password = *password->as_string()};
  } catch (const amqp::Error&) {
    return std::nullopt;
  }
}

}  // namespace

std::string offered_mechanisms(bool has_certificate) {
  return has_certificate ? "PLAIN AMQPLAIN EXTERNAL" : "PLAIN AMQPLAIN";
}

bool is_password_mechanism(std::string_view mechanism) {
  return mechanism == "PLAIN" || mechanism == "AMQPLAIN";
}

std::optional<Credentials> read_credentials(std::string_view mechanism, std::string_view response) {
  return mechanism == "PLAIN" ? read_plain(response) : read_amqplain(response);
}

}  // namespace leveret::net
