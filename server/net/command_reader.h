#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "amqp/frame.h"
#include "amqp/reply_code.h"
#include "base/blob.h"
#include "base/clock.h"
#include "broker/command.h"

namespace leveret::net {

/// Makes commands of the bytes of an open connection: frames to methods, and a basic.publish with
/// its header and body frames to one command with its message, per channel (frames of different
/// channels may come between; AMQP 0-9-1, 4.2.6). Without I/O; used by one session on its loop.
class CommandReader {
 public:
  struct Limits {
    std::uint32_t frame_max = 131072;
    std::uint64_t message_bytes_max = std::uint64_t{128} << 20U;
    /// Of messages that have not come whole, with their headers, on all channels; one is always let
    /// in.
    std::uint64_t unfinished_bytes_max = std::uint64_t{512} << 20U;
    /// How many channels may be in the middle of a message.
    std::size_t channels_max = 2047;
    /// After so much work one read() ends, and others have their turn: a message or its settlement
    /// is one, anything else `other_work`.
    std::size_t work_per_read_max = 4096;
  };
  /// What a method is that makes or looks at something, next to an ack.
  static constexpr std::size_t other_work = 32;
  /// A broken rule, to be reported after the commands that came before it: it closes `channel`, or
  /// the connection when that is 0.
  struct Failure {
    broker::ChannelNumber channel = 0;
    amqp::Error error;
  };
  struct Result {
    std::size_t consumed_bytes = 0;
    std::optional<Failure> failure;
    /// That was enough work for now; there may be more whole frames.
    bool has_more = false;
  };

  explicit CommandReader(const Limits& limits) : limits_(limits) {}

  /// Decodes the whole frames at the front of `input`, up to the first failure or as much as is
  /// enough work, and appends to `commands`; their views point into `input` and into `kept`. After
  /// a failure of the connection nothing more may be read. Messages are stamped with `now`.
  Result read(std::string_view input, TimeMs now, std::vector<broker::Command>& commands,
              std::vector<BlobRef>& kept);
  /// To be called when the bytes given to read() are about to go: copies what messages that have
  /// not come whole still need of them.
  void detach();
  /// Of messages that have not come whole; see Limits.
  std::uint64_t unfinished_bytes() const { return unfinished_bytes_; }

 private:
  enum class Expected : std::uint8_t { method, header, body, no_more };

  /// A channel's place between a publish and its last body frame.
  struct Content {
    broker::ChannelNumber channel = 0;
    Expected expected = Expected::method;
    bool is_detached = false;
    amqp::basic::Publish publish;
    BlobRef names;
    broker::MessageBuilder builder;
    std::uint64_t bytes = 0;  // of header and body, that have come
  };
  struct Output {
    TimeMs now;
    std::vector<broker::Command>& commands;
    std::vector<BlobRef>& kept;
    std::size_t work = 0;
  };

  void on_frame(const amqp::Frame& frame, Output& output);
  void on_method(const amqp::Frame& frame, Output& output);
  void on_header(const amqp::Frame& frame, Output& output);
  void on_body(const amqp::Frame& frame, Output& output);
  void count(Content& content, std::size_t bytes);
  void begin(broker::ChannelNumber channel, const amqp::basic::Publish& publish);
  void complete(Content& content, Output& output);
  Content* find(broker::ChannelNumber channel);
  /// Forgets what has come of a message, or has had it whole.
  void release(Content& content);
  static void detach(Content& content);

  Limits limits_;
  std::uint64_t unfinished_bytes_ = 0;
  /// The message that came last: nearly always all of its frames come in a row. Others that are not
  /// whole yet wait in `parked_`, where an entry is never Expected::method.
  Content current_;
  std::unordered_map<broker::ChannelNumber, Content> parked_;
};

}  // namespace leveret::net
