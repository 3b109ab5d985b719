#include "lib/message.h"

#include "amqp/frame.h"
#include "amqp/methods.h"

namespace leveret::client {
namespace {

constexpr std::size_t channel_offset = 1;
/// Behind a header frame's class and weight.
constexpr std::size_t body_size_offset = amqp::frame_header_bytes + 4;

template <class T>
void patch(std::string& out, std::size_t at, T value) {
  for (std::size_t i = 0; i < sizeof(T); ++i)
    out[at + i] = static_cast<char>(value >> (8U * (sizeof(T) - 1U - i)));
}

}  // namespace

Envelope::Envelope(std::string_view exchange, std::string_view routing_key,
                   const amqp::Properties& properties, Unroutable unroutable)
    : exchange_(exchange), routing_key_(routing_key) {
  amqp::basic::Publish method;
  method.exchange = exchange_;
  method.routing_key = routing_key_;
  method.mandatory = unroutable == Unroutable::returned;
  amqp::write_method_frame(frames_, 0, method);
  header_at_ = frames_.size();
  amqp::write_header_frame(frames_, 0, 0, amqp::write_properties(properties));
}

void Envelope::write(std::string& out, std::uint16_t channel, std::string_view body,
                     std::uint32_t frame_max) const {
  const std::size_t start = out.size();
  out += frames_;
  patch(out, start + channel_offset, channel);
  patch(out, start + header_at_ + channel_offset, channel);
  patch(out, start + header_at_ + body_size_offset, std::uint64_t{body.size()});
  amqp::write_body_frames(out, channel, body, frame_max);
}

}  // namespace leveret::client
