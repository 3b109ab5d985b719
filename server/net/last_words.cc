#include "net/last_words.h"

#include <optional>
#include <variant>

#include "amqp/frame.h"
#include "amqp/methods.h"
#include "amqp/reply_code.h"

namespace leveret::net {

LastWord hear_last_word(std::string_view& input, std::uint32_t frame_max) {
  try {
    for (;;) {
      const std::optional<amqp::Frame> frame = amqp::read_frame(input, frame_max);
      if (!frame) return LastWord::nothing;
      input.remove_prefix(frame->total_bytes());
      if (frame->type != amqp::FrameType::method || frame->channel != 0) continue;
      const amqp::Method method = amqp::read_method(frame->payload);
      if (std::holds_alternative<amqp::connection::CloseOk>(method)) return LastWord::close_ok;
      if (std::holds_alternative<amqp::connection::Close>(method)) return LastWord::close;
    }
  } catch (const amqp::Error&) {
    return LastWord::nonsense;
  }
}

}  // namespace leveret::net
