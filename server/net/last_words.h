#pragma once

#include <cstdint>
#include <string_view>

#include "base/clock.h"

namespace leveret::net {

/// How long a client whose bytes make no sense any more has to read why its connection ends
/// (rabbit_reader.erl, SILENT_CLOSE_DELAY).
inline constexpr TimeMs last_word_ms = 3'000;

/// What matters of what a peer still sends when its connection is being closed (AMQP 0-9-1,
/// 2.2.4): everything else is skipped.
enum class LastWord {
  /// Only what is skipped; the rest of `input` is an unfinished frame.
  nothing,
  /// Its own connection.close, to be answered by close-ok.
  close,
  close_ok,
  /// What cannot be understood; no close-ok will be found after it.
  nonsense,
};

/// Takes frames from the front of `input` up to the first that matters. `frame_max` in bytes, 0 for
/// any.
LastWord hear_last_word(std::string_view& input, std::uint32_t frame_max);

}  // namespace leveret::net
