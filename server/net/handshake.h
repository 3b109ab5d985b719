#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "amqp/frame.h"
#include "amqp/reply_code.h"
#include "amqp/table.h"
#include "net/sasl.h"

namespace leveret::net {

/// What the server offers in connection.tune.
struct Tuning {
  std::uint16_t channel_max = 2047;
  std::uint32_t frame_max = 131072;
  /// Seconds.
  std::uint16_t heartbeat_s = 60;
};

/// What the client has told of itself by the time its connection is open.
struct ClientHello {
  amqp::Table properties;
  /// The `connection_name` property; empty when there is none.
  std::string connection_name;
  std::string mechanism;
  std::string vhost;
  Tuning tuned;
  bool consumer_cancel_notify = false;
  bool connection_blocked = false;
  bool authentication_failure_close = false;
};

/// The server's side of a connection's opening (AMQP 0-9-1, 2.2.4), from the protocol header to
/// connection.open, without I/O: bytes in, bytes out. Used by one session on its loop.
///
/// Whenever receive() returns something other than need_bytes, the session acts on it (and calls
/// login_result or vhost_result) before it calls receive() again.
class Handshake {
 public:
  enum class Next {
    need_bytes,
    /// Check credentials(), then call login_result().
    check_login,
    /// Look up hello().vhost, then call vhost_result().
    find_vhost,
    /// A connection.close has been written: write the output and wait for close-ok.
    closing,
    /// Write the output, if any, and end.
    end,
  };
  /// What a peer that has not logged in may make us buffer, in bytes, for one frame (RabbitMQ's
  /// initial_frame_max) and in all.
  static constexpr std::uint32_t frame_max_before_tune = 8192;
  static constexpr std::size_t bytes_max = 65536;
  static constexpr std::size_t default_client_properties_bytes_max = 32768;

  /// `server_version` goes into the server's properties; the client's may take so many bytes of
  /// memory.
  Handshake(const Tuning& offered, std::string server_version,
            std::size_t client_properties_bytes_max = default_client_properties_bytes_max);

  /// The connection is one by TLS, whose client has shown this certificate or none. Before the
  /// first receive().
  void use_tls(std::optional<ClientCertificate> certificate);

  /// Takes what it can from the front of `input` and appends answers to `out`. Never throws.
  Next receive(std::string_view& input, std::string& out);
  /// What the login attempt came to; `user` is only used to name it in a refusal's log line.
  Next login_result(bool is_allowed, std::string& out);
  /// Ends the handshake with open-ok, or refuses.
  Next vhost_result(bool is_found, std::string& out);
  /// Refuses connection.open with 530 and `text`.
  Next refuse_open(const std::string& text, std::string& out);

  bool is_open() const { return state_ == State::open; }
  const Credentials& credentials() const { return credentials_; }
  const ClientHello& hello() const { return hello_; }
  /// Why it failed, for the log; empty when it did not.
  const std::string& failure() const { return failure_; }

 private:
  enum class State { header, start_ok, login, tune_ok, open_method, vhost, open, failed };

  Next receive_header(std::string_view& input, std::string& out);
  Next on_frame(const amqp::Frame& frame, std::string& out);
  Next on_start_ok(const amqp::connection::StartOk& start_ok, std::string& out);
  Next on_external(std::string& out);
  Next on_tune_ok(const amqp::connection::TuneOk& tune_ok);
  Next on_open(const amqp::connection::Open& open);
  void read_client_properties(const amqp::Table& properties);
  Next refuse_login(std::string_view why, std::string& out);
  Next close(const amqp::Error& error, std::string& out);

  Tuning offered_;
  std::string server_version_;
  std::size_t client_properties_bytes_max_;
  State state_ = State::header;
  bool is_tls_ = false;
  std::optional<ClientCertificate> certificate_;
  std::size_t received_bytes_ = 0;
  Credentials credentials_;
  ClientHello hello_;
  std::string failure_;
};

}  // namespace leveret::net
