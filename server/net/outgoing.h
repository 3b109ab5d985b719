#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "broker/message.h"
#include "broker/outbox.h"

namespace leveret::net {

/// A piece of memory to be written to the socket.
using Piece = std::string_view;

/// Bytes on their way to a socket: frames are encoded into one run of memory, large bodies are left
/// where they are and held until written. Without I/O; used by one session on its loop.
class OutgoingBytes {
 public:
  OutgoingBytes() = default;
  /// What was moved from may only be destroyed or assigned to.
  OutgoingBytes(OutgoingBytes&&) noexcept = default;
  OutgoingBytes& operator=(OutgoingBytes&&) noexcept = default;

  /// Encodes one record; messages in frames of at most `frame_max` bytes (0: any).
  void append(const broker::Outgoing& record, std::uint32_t frame_max);
  /// Appends whole frames.
  void append_frames(std::string_view bytes);

  bool is_empty() const { return size_ == 0; }
  bool has_memory() const { return !encoded_.empty(); }
  std::size_t size() const { return size_; }
  /// The cost_bytes of the records in here.
  std::size_t cost_bytes() const { return cost_bytes_; }
  /// Everything in order. Valid until the next append or clear.
  void collect(std::vector<Piece>& pieces) const;
  /// Forgets everything; keeps the memory unless it has grown large.
  void clear();

 private:
  class Encoder;
  /// `encoded_bytes` of own memory, then a part of a held body.
  struct Segment {
    std::size_t encoded_bytes;
    Piece body;
  };
  void append_content(Encoder& encoder, broker::ChannelNumber channel,
                      const broker::MessagePtr& message, std::uint32_t frame_max);

  std::vector<char> encoded_;
  std::size_t encoded_bytes_ = 0;
  /// Own memory already told of by a segment.
  std::size_t segmented_bytes_ = 0;
  std::vector<Segment> segments_;
  std::vector<broker::MessagePtr> held_;
  std::size_t size_ = 0;
  std::size_t cost_bytes_ = 0;
};

/// Empty OutgoingBytes with memory, shared by all sessions of one loop, so that an idle connection
/// holds none.
class OutgoingPool {
 public:
  OutgoingBytes take();
  void give_back(OutgoingBytes bytes);

 private:
  static constexpr std::size_t kept_max = 8;
  std::vector<OutgoingBytes> kept_;
};

}  // namespace leveret::net
