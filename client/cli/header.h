#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "amqp/table.h"

namespace leveret::cli {

/// Parses a header as people type it: "name=text", or "name:type=value" with one of the types
/// text, int (64 bit; int8, int16, int32 for narrower ones), float, bool, time (seconds since the
/// epoch), null and json. Throws std::invalid_argument with what would be right.
std::pair<std::string, amqp::Value> parse_header(std::string_view text);

/// The types, for --help.
extern const char* const header_types_text;

}  // namespace leveret::cli
