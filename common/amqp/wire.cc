#include "amqp/wire.h"

#include <limits>

#include "amqp/reply_code.h"

namespace leveret::amqp {

std::string_view Reader::take(std::size_t size) {
  if (size > rest_.size())
    throw Error{ReplyCode::syntax_error, "field of " + std::to_string(size) + " bytes where only " +
                                             std::to_string(rest_.size()) + " are left"};
  const std::string_view taken = rest_.substr(0, size);
  rest_.remove_prefix(size);
  return taken;
}

void Writer::write_short_string(std::string_view text) {
  if (text.size() > std::numeric_limits<std::uint8_t>::max())
    throw Error{ReplyCode::syntax_error,
                "short string of " + std::to_string(text.size()) + " bytes, 255 are allowed"};
  write_u8(static_cast<std::uint8_t>(text.size()));
  out_.append(text);
}

void Writer::write_long_string(std::string_view text) {
  if (text.size() > std::numeric_limits<std::uint32_t>::max())
    throw Error{ReplyCode::syntax_error, "long string of more than 4 GiB"};
  write_u32(static_cast<std::uint32_t>(text.size()));
  out_.append(text);
}

void Writer::patch_u32(std::size_t position, std::uint32_t value) {
  for (std::size_t i = 0; i < 4; ++i)
    out_[position + i] = static_cast<char>(value >> (8U * (3U - i)));
}

}  // namespace leveret::amqp
