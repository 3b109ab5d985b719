#include "cli/exit_code.h"

#include <ios>

#include "amqp/reply_code.h"
#include "lib/error.h"

namespace leveret::cli {

const char* const exit_codes_text =
    "Exit status: 0 done, 1 some items failed, 64 wrong usage, 65 bad input data,\n"
    "66 no such object, 69 server unreachable, 70 internal error, 73 exists with other\n"
    "arguments, 74 I/O error, 75 try again (timeout, unroutable, refused, empty),\n"
    "77 not permitted, 78 bad configuration, 130 interrupted.";

Exit exit_code_of_reply(std::uint16_t reply_code, const std::string& text) {
  using amqp::ReplyCode;
  switch (static_cast<ReplyCode>(reply_code)) {
    case ReplyCode::not_found: return Exit::not_found;
    case ReplyCode::access_refused: return Exit::not_permitted;
    case ReplyCode::precondition_failed: return Exit::exists_differently;
    case ReplyCode::resource_locked:
    case ReplyCode::resource_error: return Exit::try_again;
    case ReplyCode::connection_forced: return Exit::unreachable;
    case ReplyCode::content_too_large: return Exit::bad_data;
    case ReplyCode::not_allowed:  // A missing vhost, or one that the user may not enter.
      return text.find("not found") != std::string::npos ? Exit::not_found : Exit::not_permitted;
    default: return reply_code == 0 ? Exit::unreachable : Exit::internal;
  }
}

Exit exit_code_of(const std::exception& error) {
  if (const auto* failure = dynamic_cast<const Failure*>(&error)) return failure->code;
  if (const auto* closed = dynamic_cast<const client::ConnectionError*>(&error))
    return exit_code_of_reply(closed->reply_code, closed->what());
  if (const auto* closed = dynamic_cast<const client::ChannelError*>(&error))
    return exit_code_of_reply(closed->reply_code, closed->what());
  if (dynamic_cast<const client::Timeout*>(&error)) return Exit::try_again;
  if (dynamic_cast<const amqp::Error*>(&error)) return Exit::bad_data;
  if (dynamic_cast<const std::invalid_argument*>(&error)) return Exit::usage;
  if (dynamic_cast<const std::ios_base::failure*>(&error)) return Exit::io_error;
  return Exit::internal;
}

std::string hint_for(const std::exception& error) {
  if (const auto* failure = dynamic_cast<const Failure*>(&error)) return failure->hint;
  if (!dynamic_cast<const client::Error*>(&error)) return {};
  switch (exit_code_of(error)) {
    case Exit::unreachable:
      return "is the server running?  start one with: leveretd   or name another with --url";
    case Exit::not_permitted:
      return "check user and password in --url; guest may log in from this machine only";
    case Exit::not_found:
      return std::string{error.what()}.find("vhost ") != std::string::npos &&
                     std::string{error.what()}.find("queue '") == std::string::npos
                 ? "virtual hosts are made by the broker's administrator"
                 : "leveret queues shows what exists";
    default: return {};
  }
}

}  // namespace leveret::cli
