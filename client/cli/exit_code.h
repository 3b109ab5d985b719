#pragma once

#include <cstdint>
#include <exception>
#include <stdexcept>
#include <string>

namespace leveret::cli {

/// What a command's exit status says: sysexits where they exist.
enum class Exit : int {
  ok = 0,
  partly_failed = 1,
  usage = 64,
  bad_data = 65,
  not_found = 66,
  unreachable = 69,
  internal = 70,
  exists_differently = 73,
  io_error = 74,
  try_again = 75,
  not_permitted = 77,
  bad_configuration = 78,
  interrupted = 130,
};

/// A command that cannot do what it was asked: what and why, then what to do about it.
class Failure : public std::runtime_error {
 public:
  Failure(Exit code_in, const std::string& what, std::string hint_in = {})
      : std::runtime_error(what), code(code_in), hint(std::move(hint_in)) {}
  Exit code;
  std::string hint;
};

/// The exit status for anything a command may throw.
Exit exit_code_of(const std::exception& error);
/// The exit status for an AMQP reply code; 0, no reply, counts as unreachable.
Exit exit_code_of_reply(std::uint16_t reply_code, const std::string& text);
/// What a person can do about `error`; empty when there is nothing to say.
std::string hint_for(const std::exception& error);

/// For --help.
extern const char* const exit_codes_text;

}  // namespace leveret::cli
