#include <algorithm>
#include <utility>

#include "base/log.h"
#include "broker/vhost.h"
#include "net/endpoint.h"
#include "net/session.h"
#include "tls/certificate.h"

/// What comes before a session's first command: what a proxy says of the client, TLS, the
/// handshake of AMQP with its login, and the way into the core.
namespace leveret::net {
namespace {

tcp::endpoint endpoint_of(const ProxiedEndpoint& told) {
  return {asio::ip::make_address(told.host), told.port};
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

bool Session::is_from_proxy() const {
  const std::vector<Network>& proxies = rules_->proxies;
  if (proxies.empty()) return false;
  const auto address = parse_address(unmapped(peer_.address()).to_string());
  return address && std::ranges::any_of(proxies, [&](const Network& network) {
           return network.contains(*address);
         });
}

/// Who the client is, is what the proxy says.
asio::awaitable<void> Session::hear_proxy(std::shared_ptr<Session> self) {
  std::optional<ProxyHeader> header;
  for (;;) {
    try {
      header = self->stream_.read_proxy_header();
    } catch (const ProxyHeaderError& error) {
      log::warn("PROXY header refused", {{"connection", self->name_}, {"reason", error.what()}});
      co_return self->end("no PROXY header from a trusted proxy");
    }
    if (header) break;
    co_await self->stream_.wait_to_read();
    if (self->is_ended()) co_return;
  }
  if (!header->addresses) co_return;
  const std::string proxy = self->name_;
  self->peer_ = endpoint_of(header->addresses->source);
  self->local_ = endpoint_of(header->addresses->target);
  self->name_ = text_of(self->peer_) + " -> " + text_of(self->local_);
  log::debug("connection by way of a proxy", {{"connection", self->name_}, {"proxy", proxy}});
}

asio::awaitable<void> Session::shake_tls_hands(std::shared_ptr<Session> self) {
  for (;;) {
    error_code error;
    self->stream_.shake_hands(error);
    if (!error) co_return self->use_certificate();
    if (!is_would_block(error)) co_return self->refuse_tls(error);
    co_await self->stream_.wait_to_read();
    if (self->is_ended()) co_return;
  }
}

void Session::use_certificate() {
  std::optional<ClientCertificate> shown;
  if (const x509_st* certificate = stream_.peer_certificate())
    shown = ClientCertificate{tls::login_name(*certificate, rules_->login_rule)};
  handshake_->use_tls(std::move(shown));
  has_more_to_read_ = true;  // The end of the handshake may have brought what follows it.
}

/// TLS has sent its alert; what the client still sends is read, or a reset would overtake it.
void Session::refuse_tls(const error_code& error) {
  log::warn("TLS handshake failed",
            {{"connection", name_}, {"reason", stream_.handshake_failure(error)}});
  stream_.drop_tls();
  is_input_ignored_ = true;
  begin_closing();
  arm_timer(last_word_ms);
  finish_output();
}

asio::awaitable<void> Session::advance_handshake(std::shared_ptr<Session> self) {
  Handshake& handshake = *self->handshake_;
  while (self->stage_ == Stage::handshake) {
    std::string out;
    std::string_view rest = self->input_.view();
    const std::size_t before = rest.size();
    Handshake::Next next = handshake.receive(rest, out);
    self->input_.consume(before - rest.size());
    if (next == Handshake::Next::check_login) {
      const auto identity = co_await self->context_.logins.check(
          self->loop_.io.get_executor(), handshake.credentials(), unmapped(self->peer_.address()));
      if (self->is_ended()) co_return;
      if (identity) self->token_ = identity->token;
      next = handshake.login_result(identity.has_value(), out);
      if (next == Handshake::Next::need_bytes) {
        self->write_soon(out);
        continue;
      }
    } else if (next == Handshake::Next::find_vhost) {
      self->admission_ =
          self->context_.directory.admit(handshake.credentials().user, handshake.hello().vhost,
                                         unmapped(self->peer_.address()).to_string());
      self->core_ = std::exchange(self->admission_.core, {});
      next = self->core_ ? handshake.vhost_result(true, out)
                         : handshake.refuse_open(self->admission_.refusal, out);
    }
    self->write_soon(out);
    if (handshake.is_open()) {
      self->enter_core();
      co_return;
    }
    if (next == Handshake::Next::need_bytes) co_return;
    log::warn("connection refused", {{"connection", self->name_}, {"reason", handshake.failure()}});
    self->begin_closing();
    if (next == Handshake::Next::end) self->finish_output();
  }
}

void Session::enter_core() {
  const ClientHello& hello = handshake_->hello();
  broker::ConnectionInfo info;
  info.name = name_;
  info.user = handshake_->credentials().user;
  info.auth_mechanism = hello.mechanism;
  info.peer_host = unmapped(peer_.address()).to_string();
  info.peer_port = peer_.port();
  info.host = unmapped(local_.address()).to_string();
  info.port = local_.port();
  if (stream_.is_tls()) info.tls = tls_info(stream_);
  info.client_properties = hello.properties;
  info.connected_at = core_->now();
  info.channel_max = hello.tuned.channel_max;
  info.frame_max = hello.tuned.frame_max;
  info.heartbeat_s = hello.tuned.heartbeat_s;
  info.consumer_cancel_notify = hello.consumer_cancel_notify;
  info.connection_blocked = hello.connection_blocked;
  info.access = admission_.access;
  info.user_channels_max = admission_.channels_max;
  info.token = token_;
  log::info("connection opened", {{"connection", name_},
                                  {"user", info.user},
                                  {"vhost", hello.vhost},
                                  {"client_name", hello.connection_name}});

  frame_max_ = hello.tuned.frame_max;
  reader_ = std::make_unique<CommandReader>(
      CommandReader::Limits{.frame_max = frame_max_,
                            .message_bytes_max = rules_->message_bytes_max,
                            .channels_max = hello.tuned.channel_max});
  liveness_.emplace(hello.tuned.heartbeat_s, now_ms());
  arm_timer(liveness_->period_ms());
  handshake_.reset();
  enter(Stage::open);
  core_->run([id = id_, info, outbox = shared_from_this()](broker::Vhost& vhost) {
    vhost.open_connection(id, info, outbox);
  });
}

}  // namespace leveret::net
