#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

namespace leveret::amqp {

/// AMQP 0-9-1 reply codes (specification 1.2, "constants"), with RabbitMQ's additions.
enum class ReplyCode : std::uint16_t {
  success = 200,
  content_too_large = 311,
  no_route = 312,
  no_consumers = 313,
  connection_forced = 320,
  invalid_path = 402,
  access_refused = 403,
  not_found = 404,
  resource_locked = 405,
  precondition_failed = 406,
  frame_error = 501,
  syntax_error = 502,
  command_invalid = 503,
  channel_error = 504,
  unexpected_frame = 505,
  resource_error = 506,
  not_allowed = 530,
  not_implemented = 540,
  internal_error = 541,
};

/// The upper-case name that starts a reply text, such as "NOT_FOUND".
std::string_view name_of(ReplyCode code);

/// True for codes that close the connection, false for those that close only the channel.
bool is_hard(ReplyCode code);

/// A broken AMQP rule. Thrown where it is found and turned into channel.close or connection.close,
/// by is_hard(code), in one place. `text` is without the code's name; close_text() puts it in
/// front.
class Error : public std::runtime_error {
 public:
  Error(ReplyCode code_in, const std::string& text) : std::runtime_error(text), code(code_in) {}
  /// For errors found while decoding, when the method is already known.
  Error(ReplyCode code_in, const std::string& text, std::uint16_t class_id_in,
        std::uint16_t method_id_in)
      : std::runtime_error(text), code(code_in), class_id(class_id_in), method_id(method_id_in) {}

  /// "NOT_FOUND - no queue 'x' in vhost '/'", cut to what a short string holds, between characters.
  std::string close_text() const;

  ReplyCode code;
  std::uint16_t class_id = 0;
  std::uint16_t method_id = 0;
};

}  // namespace leveret::amqp
