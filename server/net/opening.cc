#include "net/opening.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <exception>
#include <stdexcept>
#include <utility>

#include "amqp/methods.h"
#include "base/limit_counts.h"
#include "base/log.h"
#include "net/endpoint.h"
#include "net/entrance.h"
#include "net/last_words.h"
#include "net/unexpected_end.h"
#include "tls/certificate.h"

namespace leveret::net {
namespace {

/// For one read; a handshake's answers are small.
constexpr std::size_t read_bytes = 4096;

tcp::endpoint endpoint_of(const ProxiedEndpoint& told) {
  return {asio::ip::make_address(told.host), told.port};
}

std::string name_of(const tcp::endpoint& peer, const tcp::endpoint& local) {
  return text_of(peer) + " -> " + text_of(local);
}

broker::TlsInfo tls_info(const Stream& stream) {
  tls::SessionFacts facts = tls::facts_of(*stream.session());
  broker::TlsInfo info;
  info.protocol = std::move(facts.protocol);
  info.key_exchange = std::move(facts.key_exchange);
  info.cipher = std::move(facts.cipher);
  info.hash = std::move(facts.hash);
  if (const x509_st* certificate = stream.peer_certificate()) {
    info.peer_cert_subject = tls::subject_of(*certificate);
    info.peer_cert_issuer = tls::issuer_of(*certificate);
    info.peer_cert_validity = tls::validity_of(*certificate);
  }
  return info;
}

}  // namespace

void Opening::start(Entrance& entrance, Stream stream) {
  tcp::socket& socket = stream.socket();
  error_code error;
  socket.set_option(tcp::no_delay{true}, error);
  if (!error) socket.non_blocking(true, error);
  const tcp::endpoint peer = error ? tcp::endpoint{} : socket.remote_endpoint(error);
  if (error) return;  // gone already
  const auto opening = std::make_shared<Opening>(entrance, std::move(stream), peer);
  opening->arm_timer(opening->rules_->handshake_ms_max, "the handshake took too long");
  asio::co_spawn(entrance.executor(), run(opening), LogUnexpectedEnd{"a handshake"});
}

Opening::Opening(Entrance& entrance, Stream stream, const tcp::endpoint& peer)
    : entrance_(entrance),
      stream_(std::move(stream)),
      place_(entrance.take_place()),
      timer_(entrance.executor()),
      rules_(entrance.rules()),
      from_(peer.address()),
      peer_(peer),
      handshake_(rules_->tuning, entrance.options().version, rules_->client_properties_bytes_max) {
  error_code ignored;
  local_ = stream_.socket().local_endpoint(ignored);
  name_ = name_of(peer_, local_);
  entrance_.add(*this, from_);
}

Opening::~Opening() {
  if (!is_ended_) entrance_.remove(*this, from_);
}

asio::awaitable<void> Opening::run(std::shared_ptr<Opening> self) {
  try {
    if (self->entrance_.is_proxy(self->from_)) co_await self->hear_proxy();
    if (self->stream_.is_tls()) co_await self->shake_tls_hands();
    if (!self->is_refused_) co_await self->shake_hands();
  } catch (const system_error& error) {
    self->end(error.code() == asio::error::eof ? "closed by the client" : error.code().message());
  } catch (const std::exception& error) {
    self->end(error.what());  // a proxy that says none; out of memory
  }
}

// A proxy.

/// Who the client is, is what the proxy says.
asio::awaitable<void> Opening::hear_proxy() {
  std::optional<ProxyHeader> header;
  for (;;) {
    try {
      header = stream_.read_proxy_header();
    } catch (const ProxyHeaderError& error) {
      entrance_.warn("PROXY header refused", name_, error.what());
      throw std::runtime_error{"no PROXY header from a trusted proxy"};
    }
    if (header) break;
    co_await stream_.wait_to_read();
    check_alive();
  }
  if (!header->addresses) co_return;
  const std::string proxy = name_;
  peer_ = endpoint_of(header->addresses->source);
  local_ = endpoint_of(header->addresses->target);
  name_ = name_of(peer_, local_);
  log::debug("connection by way of a proxy", {{"connection", name_}, {"proxy", proxy}});
}

// TLS.

asio::awaitable<void> Opening::shake_tls_hands() {
  for (;;) {
    error_code error;
    stream_.shake_hands(error);
    if (!error) co_return use_certificate();
    if (!is_would_block(error)) co_return co_await refuse_tls(error);
    co_await stream_.wait_to_read();
    check_alive();
  }
}

void Opening::use_certificate() {
  std::optional<ClientCertificate> shown;
  if (const x509_st* certificate = stream_.peer_certificate())
    shown = ClientCertificate{tls::login_name(*certificate, rules_->login_rule)};
  handshake_.use_tls(std::move(shown));
}

/// TLS has sent its alert; what the client still sends is read, or a reset would overtake it.
asio::awaitable<void> Opening::refuse_tls(error_code error) {
  is_refused_ = true;
  entrance_.warn("TLS handshake failed", name_, stream_.handshake_failure(error));
  stream_.drop_tls();
  stream_.finish_output();
  arm_timer(last_word_ms, "refused");
  for (;;) {
    co_await read();
    input_.clear();
  }
}

// AMQP.

asio::awaitable<void> Opening::shake_hands() {
  for (;;) {
    std::string out;
    std::string_view rest = input_;
    Handshake::Next next = handshake_.receive(rest, out);
    input_.erase(0, input_.size() - rest.size());
    if (next == Handshake::Next::check_login) next = co_await check_login(out);
    if (next == Handshake::Next::find_vhost) next = find_vhost(out);
    if (handshake_.is_open()) co_return hand_over(std::move(out));
    if (next != Handshake::Next::need_bytes) co_return co_await refuse(next, std::move(out));
    if (out.empty())
      co_await read();
    else
      co_await write(out);
  }
}

asio::awaitable<Handshake::Next> Opening::check_login(std::string& out) {
  const auto identity = co_await entrance_.logins().check(
      entrance_.executor(), handshake_.credentials(), unmapped(peer_.address()));
  check_alive();
  if (identity) token_ = identity->token;
  co_return handshake_.login_result(identity.has_value(), out);
}

Handshake::Next Opening::find_vhost(std::string& out) {
  admission_ = entrance_.directory().admit(handshake_.credentials().user, handshake_.hello().vhost,
                                           unmapped(peer_.address()).to_string());
  return admission_.core ? handshake_.vhost_result(true, out)
                         : handshake_.refuse_open(admission_.refusal, out);
}

void Opening::hand_over(std::string out) {
  is_ended_ = true;
  timer_.cancel();
  entrance_.remove(*this, from_);
  broker::ConnectionInfo info = connection_info();
  entrance_.hand_over({.stream = std::move(stream_),
                       .place = std::move(place_),
                       .info = std::move(info),
                       .client_name = handshake_.hello().connection_name,
                       .message_bytes_max = rules_->message_bytes_max,
                       .unfinished_bytes_max = rules_->unfinished_bytes_max,
                       .stall_ms_max = rules_->stall_ms_max,
                       .core = std::move(admission_.core),
                       .admission_place = std::move(admission_.place),
                       .output = std::move(out),
                       .input = std::move(input_)});
}

broker::ConnectionInfo Opening::connection_info() const {
  const ClientHello& hello = handshake_.hello();
  broker::ConnectionInfo info;
  info.name = name_;
  info.user = handshake_.credentials().user;
  info.auth_mechanism = hello.mechanism;
  info.peer_host = unmapped(peer_.address()).to_string();
  info.peer_port = peer_.port();
  info.host = unmapped(local_.address()).to_string();
  info.port = local_.port();
  if (stream_.is_tls()) info.tls = tls_info(stream_);
  info.client_properties = hello.properties;
  info.connected_at = admission_.core->now();
  info.channel_max = hello.tuned.channel_max;
  info.frame_max = hello.tuned.frame_max;
  info.heartbeat_s = hello.tuned.heartbeat_s;
  info.consumer_cancel_notify = hello.consumer_cancel_notify;
  info.connection_blocked = hello.connection_blocked;
  info.access = admission_.access;
  info.user_channels_max = admission_.channels_max;
  info.token = token_;
  return info;
}

asio::awaitable<void> Opening::refuse(Handshake::Next next, std::string out) {
  is_refused_ = true;
  entrance_.warn("connection refused", name_, handshake_.failure());
  arm_timer(entrance_.options().close_ms_max, "the client did not answer the close");
  co_await write(out);
  if (next == Handshake::Next::end)
    stream_.finish_output();
  else
    co_await await_close_ok();
  for (;;) {
    input_.clear();
    co_await read();
  }
}

asio::awaitable<void> Opening::await_close_ok() {
  for (;;) {
    std::string_view rest = input_;
    const LastWord word = hear_last_word(rest, Handshake::frame_max_before_tune);
    input_.erase(0, input_.size() - rest.size());
    switch (word) {
      case LastWord::nothing: co_await read(); break;
      case LastWord::close_ok:
        end("closed");
        check_alive();
        break;
      case LastWord::close: {
        std::string close_ok;
        amqp::write_method_frame(close_ok, 0, amqp::connection::CloseOk{});
        co_await write(close_ok);
        stream_.finish_output();
        co_return;
      }
      case LastWord::nonsense: arm_timer(last_word_ms, "refused"); co_return;
    }
  }
}

// Input and output.

asio::awaitable<void> Opening::read() {
  for (;;) {
    std::array<char, read_bytes> room;  // NOLINT(*-member-init): filled as far as it is used
    error_code error;
    const Stream::Read got = stream_.read_some(room, error);
    if (error) throw system_error{error};
    if (got.size != 0) {
      input_.append(room.data(), got.size);
      co_return;
    }
    co_await stream_.wait_to_read();
    check_alive();
  }
}

asio::awaitable<void> Opening::write(std::string_view rest) {
  while (!rest.empty()) {
    const asio::const_buffer piece{rest.data(), rest.size()};
    error_code error;
    rest.remove_prefix(stream_.write_some({&piece, 1}, error));
    if (error && !is_would_block(error)) throw system_error{error};
    if (error) co_await stream_.wait_to_write();
    check_alive();
  }
}

// Life.

void Opening::check_alive() const {
  if (is_ended_) throw system_error{asio::error::operation_aborted};
}

void Opening::end(std::string_view reason) {
  if (std::exchange(is_ended_, true)) return;
  log::debug("connection ended", {{"connection", name_}, {"reason", reason}});
  stream_.close();
  timer_.cancel();
  admission_ = {};
  place_.leave();
  entrance_.remove(*this, from_);
}

void Opening::arm_timer(TimeMs delay_ms, std::string_view reason) {
  timer_.expires_after(std::chrono::milliseconds{delay_ms});
  timer_.async_wait([self = shared_from_this(), reason](const error_code& error) {
    // Armed anew, it may have expired before.
    if (error || self->timer_.expiry() > std::chrono::steady_clock::now()) return;
    if (!self->is_ended_ && !self->is_refused_) limits_reached.add(Limit::handshake_time);
    self->end(reason);
  });
}

}  // namespace leveret::net
