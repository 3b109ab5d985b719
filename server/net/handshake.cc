#include "net/handshake.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "amqp/methods.h"
#include "base/limit_counts.h"

namespace leveret::net {
namespace {

using amqp::Error;
using amqp::ReplyCode;

/// What RabbitMQ also takes for 0-9-1 (rabbit_reader.erl, handshake): the layout of 0-9.
constexpr std::string_view header_0_9{"AMQP\x01\x01\x00\x09", 8};

/// Clients switch features on these (rabbit_reader.erl, server_capabilities).
amqp::Table capabilities() {
  return {{"publisher_confirms", true},
          {"exchange_exchange_bindings", true},
          {"basic.nack", true},
          {"consumer_cancel_notify", true},
          {"connection.blocked", true},
          {"consumer_priorities", true},
          {"authentication_failure_close", true},
          {"per_consumer_qos", true},
          {"direct_reply_to", true}};
}

amqp::Table server_properties(std::string_view version) {
  return {{"capabilities", capabilities()},
          {"cluster_name", "leveret"},
          {"copyright", "The Leveret authors"},
          {"information", "AMQP 0-9-1 as RabbitMQ speaks it"},
          {"platform", "C++20"},
          {"product", "Leveret"},
          {"version", version}};
}

/// A client may lower a limit, not raise or remove it (rabbit_reader.erl,
/// validate_negotiated_integer_value).
void check_negotiated(std::string_view what, std::uint32_t client, std::uint32_t server,
                      std::uint32_t least) {
  if (client != 0 && client < least)
    throw Error{ReplyCode::not_allowed,
                "negotiated " + std::string{what} + " = " + std::to_string(client) +
                    " is lower than the minimum allowed value (" + std::to_string(least) + ")"};
  if (client == 0 || client > server)
    throw Error{ReplyCode::not_allowed, "negotiated " + std::string{what} + " = " +
                                            (client == 0 ? "no limit" : std::to_string(client)) +
                                            " is higher than the maximum allowed value (" +
                                            std::to_string(server) + ")"};
}

bool is_true(const amqp::Table& table, std::string_view name) {
  const amqp::Value* value = table.find(name);
  const bool* flag = value ? value->get_if<bool>() : nullptr;
  return flag && *flag;
}

}  // namespace

Handshake::Handshake(const Tuning& offered, std::string server_version,
                     std::size_t client_properties_bytes_max)
    : offered_(offered),
      server_version_(std::move(server_version)),
      client_properties_bytes_max_(client_properties_bytes_max) {}

void Handshake::use_tls(std::optional<ClientCertificate> certificate) {
  is_tls_ = true;
  certificate_ = std::move(certificate);
}

Handshake::Next Handshake::receive(std::string_view& input, std::string& out) {
  if (state_ == State::header) {
    if (const Next next = receive_header(input, out); next != Next::need_bytes) return next;
    if (state_ == State::header) return Next::need_bytes;
  }
  try {
    while (!is_open() && state_ != State::failed) {
      const std::optional<amqp::Frame> frame = amqp::read_frame(input, frame_max_before_tune);
      if (!frame) return Next::need_bytes;
      received_bytes_ += frame->total_bytes();
      if (received_bytes_ > bytes_max)
        throw Error{ReplyCode::frame_error, "too many bytes before the connection is open"};
      input.remove_prefix(frame->total_bytes());
      if (const Next next = on_frame(*frame, out); next != Next::need_bytes) return next;
    }
  } catch (const Error& error) {
    return close(error, out);
  }
  return Next::need_bytes;
}

Handshake::Next Handshake::receive_header(std::string_view& input, std::string& out) {
  const std::string_view start = input.substr(0, amqp::protocol_header.size());
  const bool can_be_right = amqp::protocol_header.substr(0, start.size()) == start ||
                            header_0_9.substr(0, start.size()) == start;
  // Nothing is answered before there are as many bytes as a header has, unless it is wrong already:
  // who speaks another protocol may wait for our first word after fewer.
  if (!can_be_right) {
    state_ = State::failed;
    failure_ = "the protocol header is not AMQP 0-9-1";
    if (start.substr(0, 4) == "GET " || start.substr(0, 4) == "POST")
      failure_ += " (an HTTP client on the AMQP port?)";
    if (start[0] == '\x16') failure_ += " (a TLS client on the plain AMQP port?)";
    out.append(amqp::protocol_header);
    return Next::end;
  }
  if (start.size() < amqp::protocol_header.size()) return Next::need_bytes;
  input.remove_prefix(start.size());
  const std::string mechanisms = offered_mechanisms(certificate_.has_value());
  amqp::write_method_frame(
      out, 0,
      amqp::connection::Start{.server_properties = server_properties(server_version_),
                              .mechanisms = {mechanisms},
                              .locales = {"en_US"}});
  state_ = State::start_ok;
  return Next::need_bytes;
}

Handshake::Next Handshake::on_frame(const amqp::Frame& frame, std::string& out) {
  if (frame.type == amqp::FrameType::heartbeat && frame.channel == 0) return Next::need_bytes;
  if (frame.type != amqp::FrameType::method || frame.channel != 0)
    throw Error{ReplyCode::unexpected_frame,
                "type " + std::to_string(static_cast<int>(frame.type)) + " on channel " +
                    std::to_string(frame.channel) + " before the connection is open"};
  const amqp::Method method = amqp::read_method(frame.payload);
  if (const auto* start_ok = std::get_if<amqp::connection::StartOk>(&method);
      start_ok && state_ == State::start_ok)
    return on_start_ok(*start_ok, out);
  if (const auto* tune_ok = std::get_if<amqp::connection::TuneOk>(&method);
      tune_ok && state_ == State::tune_ok)
    return on_tune_ok(*tune_ok);
  if (const auto* open = std::get_if<amqp::connection::Open>(&method);
      open && state_ == State::open_method)
    return on_open(*open);
  if (std::holds_alternative<amqp::connection::Close>(method)) {
    amqp::write_method_frame(out, 0, amqp::connection::CloseOk{});
    state_ = State::failed;
    failure_ = "closed by the client during the handshake";
    return Next::end;
  }
  const amqp::MethodKey key = amqp::key_of(method);
  throw Error{ReplyCode::channel_error,
              std::string{key.name} + " is not expected at this point of the handshake",
              key.class_id, key.method_id};
}

Handshake::Next Handshake::on_start_ok(const amqp::connection::StartOk& start_ok,
                                       std::string& out) {
  read_client_properties(start_ok.client_properties);
  hello_.mechanism = start_ok.mechanism;
  if (start_ok.mechanism == "EXTERNAL" && is_tls_) return on_external(out);
  if (!is_password_mechanism(start_ok.mechanism))
    throw Error{ReplyCode::command_invalid,
                "unknown authentication mechanism '" + std::string{start_ok.mechanism} + "'"};
  std::optional<Credentials> credentials =
      read_credentials(start_ok.mechanism, start_ok.response.value);
  if (!credentials) return refuse_login("the response is malformed", out);
  credentials_ = std::move(*credentials);
  state_ = State::login;
  return Next::check_login;
}

/// The user is who the certificate says; the response counts for nothing, as in RabbitMQ
/// (rabbit_auth_mechanism_ssl.erl), which also refuses here, not as an unknown mechanism, what
/// lacks a certificate.
Handshake::Next Handshake::on_external(std::string& out) {
  if (!certificate_)
    return refuse_login("connection peer presented no TLS (x.509) certificate", out);
  if (!certificate_->user) return refuse_login("no name found in the client's certificate", out);
  credentials_ = {.user = *certificate_->user, .password = {}, .is_proved = true};
  state_ = State::login;
  return Next::check_login;
}

void Handshake::read_client_properties(const amqp::Table& properties) {
  // An entry of two octets takes 72 of memory, for as long as the login takes.
  const std::size_t bytes = properties.memory_bytes();
  if (bytes > client_properties_bytes_max_) {
    limits_reached.add(Limit::client_properties_bytes);
    throw Error{ReplyCode::syntax_error,
                "client properties take " + std::to_string(bytes) + " bytes of memory, " +
                    std::to_string(client_properties_bytes_max_) + " are allowed"};
  }
  hello_.properties = properties;
  if (const amqp::Value* name = properties.find("connection_name"); name && name->as_string())
    hello_.connection_name = *name->as_string();
  const amqp::Value* value = properties.find("capabilities");
  const amqp::Table* announced = value ? value->get_if<amqp::Table>() : nullptr;
  if (!announced) return;
  hello_.consumer_cancel_notify = is_true(*announced, "consumer_cancel_notify");
  hello_.connection_blocked = is_true(*announced, "connection.blocked");
  hello_.authentication_failure_close = is_true(*announced, "authentication_failure_close");
}

Handshake::Next Handshake::login_result(bool is_allowed, std::string& out) {
  credentials_.password.clear();
  if (!is_allowed) return refuse_login("", out);
  amqp::write_method_frame(out, 0,
                           amqp::connection::Tune{.channel_max = offered_.channel_max,
                                                  .frame_max = offered_.frame_max,
                                                  .heartbeat = offered_.heartbeat_s});
  state_ = State::tune_ok;
  return Next::need_bytes;
}

Handshake::Next Handshake::refuse_login(std::string_view why, std::string& out) {
  failure_ = "login refused for user '" + credentials_.user + "' with " + hello_.mechanism;
  if (!why.empty()) failure_ = "login refused with " + hello_.mechanism + ": " + std::string{why};
  state_ = State::failed;
  // Without the capability a client takes an end of the socket here for a refused login, and a
  // close for a protocol error (rabbit_reader.erl, auth_fail).
  if (!hello_.authentication_failure_close) return Next::end;
  const Error refused{ReplyCode::access_refused,
                      "Login was refused using authentication mechanism " + hello_.mechanism +
                          ". For details see the broker logfile."};
  amqp::write_method_frame(
      out, 0,
      amqp::connection::Close{.reply_code = static_cast<std::uint16_t>(refused.code),
                              .reply_text = refused.close_text()});
  return Next::closing;
}

Handshake::Next Handshake::on_tune_ok(const amqp::connection::TuneOk& tune_ok) {
  const amqp::MethodKey key = amqp::connection::TuneOk::key;
  try {
    check_negotiated("frame_max", tune_ok.frame_max, offered_.frame_max, amqp::frame_min_size);
    check_negotiated("channel_max", tune_ok.channel_max, offered_.channel_max, 1);
  } catch (const Error& error) {
    throw Error{error.code, error.what(), key.class_id, key.method_id};
  }
  hello_.tuned = {tune_ok.channel_max, tune_ok.frame_max, tune_ok.heartbeat};
  state_ = State::open_method;
  return Next::need_bytes;
}

Handshake::Next Handshake::on_open(const amqp::connection::Open& open) {
  hello_.vhost = open.virtual_host;
  state_ = State::vhost;
  return Next::find_vhost;
}

Handshake::Next Handshake::vhost_result(bool is_found, std::string& out) {
  if (!is_found) return refuse_open("vhost " + hello_.vhost + " not found", out);
  amqp::write_method_frame(out, 0, amqp::connection::OpenOk{});
  state_ = State::open;
  return Next::need_bytes;
}

Handshake::Next Handshake::refuse_open(const std::string& text, std::string& out) {
  const amqp::MethodKey key = amqp::connection::Open::key;
  return close(Error{ReplyCode::not_allowed, text, key.class_id, key.method_id}, out);
}

Handshake::Next Handshake::close(const Error& error, std::string& out) {
  state_ = State::failed;
  const std::string text = error.close_text();
  failure_ = text;
  amqp::write_method_frame(
      out, 0,
      amqp::connection::Close{.reply_code = static_cast<std::uint16_t>(error.code),
                              .reply_text = text,
                              .class_id = error.class_id,
                              .method_id = error.method_id});
  return Next::closing;
}

}  // namespace leveret::net
