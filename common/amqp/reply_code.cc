#include "amqp/reply_code.h"

#include <algorithm>
#include <array>

namespace leveret::amqp {
namespace {

struct Row {
  ReplyCode code;
  std::string_view name;
  bool hard;
};

constexpr std::array rows{
    Row{ReplyCode::success, "SUCCESS", false},
    Row{ReplyCode::content_too_large, "CONTENT_TOO_LARGE", false},
    Row{ReplyCode::no_route, "NO_ROUTE", false},
    Row{ReplyCode::no_consumers, "NO_CONSUMERS", false},
    Row{ReplyCode::connection_forced, "CONNECTION_FORCED", true},
    Row{ReplyCode::invalid_path, "INVALID_PATH", true},
    Row{ReplyCode::access_refused, "ACCESS_REFUSED", false},
    Row{ReplyCode::not_found, "NOT_FOUND", false},
    Row{ReplyCode::resource_locked, "RESOURCE_LOCKED", false},
    Row{ReplyCode::precondition_failed, "PRECONDITION_FAILED", false},
    Row{ReplyCode::frame_error, "FRAME_ERROR", true},
    Row{ReplyCode::syntax_error, "SYNTAX_ERROR", true},
    Row{ReplyCode::command_invalid, "COMMAND_INVALID", true},
    Row{ReplyCode::channel_error, "CHANNEL_ERROR", true},
    Row{ReplyCode::unexpected_frame, "UNEXPECTED_FRAME", true},
    Row{ReplyCode::resource_error, "RESOURCE_ERROR", true},
    Row{ReplyCode::not_allowed, "NOT_ALLOWED", true},
    Row{ReplyCode::not_implemented, "NOT_IMPLEMENTED", true},
    Row{ReplyCode::internal_error, "INTERNAL_ERROR", true},
};

bool is_utf8_continuation(char c) {
  return (static_cast<unsigned char>(c) & 0xc0U) == 0x80;
}

/// Where to cut `text` for at most `size_max` octets: in front of the character that reaches
/// beyond, if there is one (a client may decode strictly), else exactly there.
std::size_t cut_position(std::string_view text, std::size_t size_max) {
  constexpr std::size_t continuations_max = 3;
  std::size_t position = size_max;
  while (size_max - position < continuations_max && is_utf8_continuation(text[position]))
    --position;
  return is_utf8_continuation(text[position]) ? size_max : position;
}

const Row& row_of(ReplyCode code) {
  const auto* row = std::ranges::find(rows, code, &Row::code);
  return row == rows.end() ? rows.back() : *row;
}

}  // namespace

std::string_view name_of(ReplyCode code) {
  return row_of(code).name;
}

bool is_hard(ReplyCode code) {
  return row_of(code).hard;
}

std::string Error::close_text() const {
  std::string text{name_of(code)};
  text += " - ";
  text += what();
  constexpr std::size_t size_max = 255;
  if (text.size() > size_max) {  // as RabbitMQ shortens it
    constexpr std::string_view ellipsis = "...";
    text.resize(cut_position(text, size_max - ellipsis.size()));
    text += ellipsis;
  }
  return text;
}

}  // namespace leveret::amqp
