// A stream of frames: their bounds, and what is inside them.

#include "amqp/frame.h"
#include "amqp/reply_code.h"
#include "harness.h"

namespace {

using namespace leveret;

/// A frame that was read is written back to the same bytes.
void check_frame(const amqp::Frame& frame, std::string_view stream) {
  const std::string_view whole = stream.substr(0, frame.total_bytes());
  require(whole.size() == frame.total_bytes());
  require(frame.payload.data() == stream.data() + amqp::frame_header_bytes);
  std::string out;
  amqp::write_body_frame_header(out, frame.channel, frame.payload.size());
  out[0] = static_cast<char>(frame.type);
  out += frame.payload;
  out += static_cast<char>(amqp::frame_end);
  require(out == whole);
}

void check_payload(const amqp::Frame& frame) {
  try {
    switch (frame.type) {
      case amqp::FrameType::method: amqp::read_method(frame.payload); return;
      case amqp::FrameType::header: amqp::read_content_header(frame.payload); return;
      case amqp::FrameType::body:
      case amqp::FrameType::heartbeat: return;
    }
  } catch (const amqp::Error& error) {
    require(error.close_text().size() <= 255);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::uint32_t frame_max = 1024;
  std::string_view stream = view_of(data, size);
  try {
    while (const auto frame = amqp::read_frame(stream, frame_max)) {
      require(frame->payload.size() <= frame_max);
      check_frame(*frame, stream);
      check_payload(*frame);
      stream.remove_prefix(frame->total_bytes());
    }
  } catch (const amqp::Error& error) {
    require(error.code == amqp::ReplyCode::frame_error);
  }
  return 0;
}
