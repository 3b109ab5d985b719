#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "amqp/frame.h"
#include "amqp/methods.h"
#include "amqp/table.h"

namespace leveret::client {

/// A method with content, whole. All views are valid during the call that hands it over.
struct Content {
  const amqp::Method& method;
  /// The encoded method, for whoever wants to keep and decode it later.
  std::string_view method_payload;
  /// Property flags and list, as amqp::read_properties takes them.
  std::string_view properties;
  std::string_view body;
};

/// What a Session reports. Channel 0 never appears here.
class SessionListener {
 public:
  virtual ~SessionListener() = default;
  virtual void on_open() = 0;
  virtual void on_method(std::uint16_t channel, const amqp::Method& method,
                         std::string_view payload) = 0;
  virtual void on_content(std::uint16_t channel, const Content& content) = 0;
  virtual void on_blocked(std::string_view reason) = 0;
  virtual void on_unblocked() = 0;
  /// The connection was closed by protocol, by either side. Code 200 when we asked for it.
  virtual void on_closed(std::uint16_t reply_code, std::string_view text) = 0;
};

struct SessionSettings {
  std::string user;
  std::string password;
  /// The client's certificate logs in (EXTERNAL), not user and password.
  bool is_external = false;
  std::string vhost;
  amqp::Table client_properties;
  /// What we would like; the server's limits win where they are lower. 0: no limit of ours.
  std::uint16_t channel_max = 2047;
  std::uint32_t frame_max = 131072;
  /// Seconds; 0 turns heartbeats off.
  std::uint16_t heartbeat_s = 60;
};

/// One client connection without a socket: bytes in, events and bytes out. It does the handshake
/// (PLAIN or EXTERNAL), puts content together and answers on channel 0. Single-threaded.
class Session {
 public:
  /// What a server may send in one frame before connection.tune, in bytes: RabbitMQ's
  /// initial_frame_max twice over, since its properties may be long.
  static constexpr std::uint32_t frame_max_before_tune = 16384;

  /// What has been agreed on, valid from on_open().
  struct Tuning {
    std::uint16_t channel_max = 0;
    std::uint32_t frame_max = 0;
    std::uint16_t heartbeat_s = 0;
  };

  Session(SessionSettings settings, SessionListener& listener);
  ~Session();

  /// Opens with the protocol header.
  void start();
  /// Takes whole frames from the front of `bytes`, reports them, and returns how many bytes were
  /// used. Throws amqp::Error when the peer breaks the protocol.
  std::size_t receive(std::string_view bytes);
  /// Asks the server to close; on_closed() follows when it agrees.
  void close();

  /// Bytes the session itself has to send; the caller takes and clears them.
  std::string& output() { return output_; }
  const Tuning& tuning() const { return tuning_; }
  bool is_open() const { return state_ == State::open; }

 private:
  enum class State { idle, start, tune, open_ok, open, closing, closed };
  struct Assembly;

  void on_frame(const amqp::Frame& frame);
  void on_connection_method(const amqp::Method& method);
  void answer_start(const amqp::connection::Start& start);
  void answer_tune(const amqp::connection::Tune& tune);
  void on_channel_frame(const amqp::Frame& frame);
  Assembly& assembly_of(std::uint16_t channel);
  void hand_over(std::uint16_t channel, Assembly& assembly, std::string_view body);
  void send(const amqp::Method& method);

  SessionSettings settings_;
  SessionListener& listener_;
  State state_ = State::idle;
  Tuning tuning_;
  std::string output_;
  std::vector<std::unique_ptr<Assembly>> assemblies_;
};

}  // namespace leveret::client
